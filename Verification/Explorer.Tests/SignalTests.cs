using Troupe.Core.Memory;
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The signals beside a connection's streams: the actor registers its wake-up, or takes what was raised, while the application raises. Found in the product: registering by a
/// release store.
/// </summary>
public sealed class SignalTests(ITestOutputHelper output)
{
    [Fact]
    public void Signals_raised_at_any_time_are_taken() => Explorations.Hold(output, Register<ExplorerMemory>);

    [Fact]
    public void A_signal_raised_while_others_are_taken_is_not_lost() => Explorations.Hold(output, Take<ExplorerMemory>);

    [Fact]
    public void Registering_by_a_release_store_loses_the_signal()
    {
        Explorations.Hold(output, Register<PlainExchange>, MemoryModel.SequentialConsistency);
        Explorations.Find(output, Register<PlainExchange>, FailureKind.Exception);
    }

    private static void Register<TMemory>(Scenario scenario)
        where TMemory : struct, IMemory
    {
        var signals = new Signals<TMemory>();
        var woken = new int[1];
        scenario.Thread("actor", () => signals.Word.OnSignal(() => woken[0] = 1));
        scenario.Thread("application", () => signals.Word.Raise(1));
        scenario.Finally(() => Assert.Equal(1, woken[0]));
    }

    private static void Take<TMemory>(Scenario scenario)
        where TMemory : struct, IMemory
    {
        var signals = new Signals<TMemory>();
        var taken = new int[1];
        signals.Word.OnSignal(() => { });
        scenario.Thread("actor", () => taken[0] += signals.Word.Take());
        scenario.Thread("application", () => signals.Word.Raise(1));
        scenario.Thread("another", () => signals.Word.Raise(2));
        scenario.Finally(() => Assert.Equal(3, taken[0] + signals.Word.Take()));
    }

    private sealed class Signals<TMemory>
        where TMemory : struct, IMemory
    {
        public SignalWord<TMemory> Word;
    }
}
