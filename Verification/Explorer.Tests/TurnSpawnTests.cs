using Troupe.Core.Memory;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// A model of TurnPipeScheduler (Net/Contracts), which is not generic over the seam: the actor of a connection's continuations is spawned by the first of them, while the connection may be
/// ending.
/// </summary>
public sealed class TurnSpawnTests(ITestOutputHelper output)
{
    [Fact]
    public void An_actor_spawned_while_its_connection_ends_is_stopped() => Exploration.Run(Spawn<ExplorerMemory>).MustHold();

    [Fact]
    public void An_actor_published_by_a_release_store_may_live_on() =>
        output.WriteLine(Exploration.Run(Spawn<PlainExchange>).MustFail(FailureKind.Exception).ToString());

    private static void Spawn<TMemory>(Scenario scenario)
        where TMemory : struct, IMemory
    {
        var (turns, stopped, stops) = (new string?[1], new int[1], new int[1]);
        scenario.Name(ref turns[0], "_turns");
        scenario.Name(ref stopped[0], "_stopped");
        scenario.Thread("application", () =>
        {
            if (TMemory.LoadAcquire(ref stopped[0]) != 0) return;
            TMemory.Exchange(ref turns[0], "actor");
            if (TMemory.LoadAcquire(ref stopped[0]) != 0) ExplorerMemory.Add(ref stops[0], 1);
        });
        scenario.Thread("connection", () =>
        {
            TMemory.Exchange(ref stopped[0], 1);
            if (TMemory.LoadAcquire(ref turns[0]) is not null) ExplorerMemory.Add(ref stops[0], 1);
        });
        // Twice is as good as once.
        scenario.Finally(() => Assert.True(turns[0] is null || stops[0] > 0));
    }
}
