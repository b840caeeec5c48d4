using Troupe.Core.Memory;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// A model of TcpByteStreams.OnSignal and Raise (Net/Contracts), which is not generic over the seam: the actor registers its wake-up
/// while the application raises a signal. Found in the product: registering by a release store.
/// </summary>
public sealed class SignalTests(ITestOutputHelper output)
{
    [Fact]
    public void Signals_raised_at_any_time_are_taken() => Explorations.Hold(output, Register<ExplorerMemory>);

    [Fact]
    public void Registering_by_a_release_store_loses_the_signal()
    {
        Explorations.Hold(output, Register<PlainExchange>, MemoryModel.SequentialConsistency);
        Explorations.Find(output, Register<PlainExchange>, FailureKind.Exception);
    }

    private static void Register<TMemory>(Scenario scenario)
        where TMemory : struct, IMemory
    {
        var (notify, signals, woken) = (new string?[1], new int[1], new int[1]);
        scenario.Name(ref notify[0], "_notify");
        scenario.Name(ref signals[0], "_signals");
        scenario.Thread("actor", () =>
        {
            TMemory.Exchange(ref notify[0], "wake");
            if (TMemory.LoadAcquire(ref signals[0]) != 0) woken[0] = 1;
        });
        scenario.Thread("application", () =>
        {
            if (TMemory.Add(ref signals[0], 1) == 1 && TMemory.LoadAcquire(ref notify[0]) is not null) woken[0] = 1;
        });
        scenario.Finally(() => Assert.Equal(1, woken[0]));
    }
}
