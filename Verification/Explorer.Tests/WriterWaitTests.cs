using Troupe.Core.Memory;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// A model of the writer's wait in TcpByteStreams (Net/Contracts, .Budget), which is not generic over the seam: a writer that finds the budget exhausted waits until its connection's
/// actor has room or ends.
/// </summary>
public sealed class WriterWaitTests(ITestOutputHelper output)
{
    [Fact]
    public void A_writer_does_not_wait_for_an_actor_that_has_ended() => Explorations.Hold(output, End<ExplorerMemory>);

    [Fact]
    public void A_waiter_published_by_a_release_store_may_wait_for_ever()
    {
        Explorations.Hold(output, End<PlainExchange>, MemoryModel.SequentialConsistency);
        Explorations.Find(output, End<PlainExchange>, FailureKind.Exception);
    }

    [Fact]
    public void A_writer_is_woken_by_the_turn_that_its_signal_asks_for() => Explorations.Hold(output, scenario => Acknowledge(scenario, signalsFirst: false));

    [Fact]
    public void A_signal_before_the_waiter_is_there_may_be_used_up_without_it() =>
        Explorations.Find(output, scenario => Acknowledge(scenario, signalsFirst: true), FailureKind.Exception);

    /// <summary>TcpByteStreams.EndOutput beside WaitForRoomAsync: exactly one of the two completes the waiter.</summary>
    private static void End<TMemory>(Scenario scenario)
        where TMemory : struct, IMemory
    {
        var (waiter, ended, completed) = (new string?[1], new int[1], new int[1]);
        scenario.Name(ref waiter[0], "_waiter");
        scenario.Name(ref ended[0], "_ended");
        scenario.Thread("actor", () =>
        {
            ExplorerMemory.Exchange(ref ended[0], 1);
            if (ExplorerMemory.Exchange(ref waiter[0], null) is not null) ExplorerMemory.Add(ref completed[0], 1);
        });
        scenario.Thread("application", () =>
        {
            TMemory.Exchange(ref waiter[0], "waits");
            if (TMemory.LoadAcquire(ref ended[0]) != 0 && ExplorerMemory.Exchange(ref waiter[0], null) is not null) ExplorerMemory.Add(ref completed[0], 1);
        });
        scenario.Finally(() => Assert.Equal(1, completed[0]));
    }

    /// <summary>
    /// Acknowledged beside WaitForRoomAsync. The actor takes a turn because octets were acknowledged, which makes room, and one for each signal that is raised then.
    /// </summary>
    private static void Acknowledge(Scenario scenario, bool signalsFirst)
    {
        var (waiter, signals, completed) = (new string?[1], new int[1], new int[1]);
        scenario.Name(ref waiter[0], "_waiter");
        scenario.Name(ref signals[0], "_signals");
        void Turn()
        {
            ExplorerMemory.Exchange(ref signals[0], 0);
            if (ExplorerMemory.LoadAcquire(ref waiter[0]) is not null && ExplorerMemory.Exchange(ref waiter[0], null) is not null) ExplorerMemory.Add(ref completed[0], 1);
        }

        void Raise() => ExplorerMemory.Exchange(ref signals[0], 1);

        scenario.Thread("actor", Turn);
        scenario.Thread("application", () =>
        {
            if (signalsFirst) Raise();
            ExplorerMemory.Exchange(ref waiter[0], "waits");
            if (!signalsFirst) Raise();
        });
        scenario.Finally(() =>
        {
            // What is raised and not taken yet is a turn that is to come.
            var comes = signals[0] != 0 && waiter[0] is not null ? 1 : 0;
            Assert.Equal(1, completed[0] + comes);
        });
    }
}
