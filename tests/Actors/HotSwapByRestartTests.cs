using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Swapping a behaviour that begins anew on what outlives it (<see cref="IRestartsToSwap"/>).</summary>
public sealed class HotSwapByRestartTests : SystemFixture
{
    private readonly ConcurrentQueue<string> _log = new();

    [Fact]
    public async Task TheOldOneEndsAndTheNewOneStartsBetweenTwoMessages()
    {
        TaskCompletionSource gate = new();
        ActorRef<int> actor = Spawn(() => Logging("old", gate.Task));
        actor.Tell(0);
        actor.Tell(1);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(2);
        gate.SetResult();
        SwapResult result = await swap.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["old started", "old 0", "old 1", "old stopped", "new started", "new 2", "new stopped"], _log);
        Assert.Equal((2, 1), (result.Generation, result.Waiting));
        Assert.Empty(Failures);
    }

    [Fact]
    public async Task ItsChildrenAndTimersEndWithTheOldOne()
    {
        ActorRef<int> actor = Spawn(() => Logging(
            "old",
            started: it =>
            {
                it.Spawn(new Acting<int>(static (_, _) => default, stopped: _ => _log.Enqueue("child stopped")));
                it.CreateTimer(7).Restart(TimeSpan.FromSeconds(1));
            }));
        actor.Tell(0);
        await actor.SwapAsync(() => Logging("new")).WaitAsync(Patience);
        Clock.Advance(TimeSpan.FromSeconds(2));
        actor.Tell(1);
        await actor.StopAsync().WaitAsync(Patience);
        Assert.Equal(["old started", "old 0", "child stopped", "old stopped", "new started", "new 1", "new stopped"], _log);
    }

    [Fact]
    public async Task ARestartAfterwardsMakesTheNewOne()
    {
        ActorRef<int> actor = Spawn(() => Logging("old"), FailurePolicy.Restart);
        await actor.SwapAsync(() => Logging("new")).WaitAsync(Patience);
        actor.Tell(-1);
        actor.Tell(1);
        await actor.StopAsync().WaitAsync(Patience);
        Assert.Equal(["old started", "old stopped", "new started", "new stopped", "new started", "new 1", "new stopped"], _log);
    }

    [Fact]
    public async Task ANewOneThatFailsToStartIsSaidToTheCallerAndIsAFailureOfTheActor()
    {
        ActorRef<int> actor = Spawn(() => Logging("old"));
        HotSwapException refused = await Assert.ThrowsAsync<HotSwapException>(
            () => actor.SwapAsync(() => Logging("new", started: static _ => throw new InvalidOperationException("no device"))).WaitAsync(Patience));
        Assert.Contains("failed to start: no device", refused.Message, StringComparison.Ordinal);
        await Until(() => !Failures.IsEmpty);
        Assert.Equal("no device", Assert.Single(Failures).Exception.Message);
    }

    [Fact]
    public async Task OneThatIsStoppedBeforeTheNewOneIsThereRefusesTheSwap()
    {
        TaskCompletionSource gate = new();
        TaskCompletionSource<ActorRef<int>> waits = new();
        ActorRef<int> actor = Spawn(() => Logging(
            "old",
            started: it => it.Spawn(new Acting<int>((child, _) =>
            {
                waits.SetResult(child.It.Self);
                return new ValueTask(gate.Task);
            })).Tell(0)));
        // Not before the child is in its message: one that has not begun it ends without it.
        ActorRef<int> child = await waits.Task.WaitAsync(Patience);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        // The actor waits for the child, which waits for the gate.
        await Until(() => !child.TryTell(1));
        Task stopped = actor.StopAsync(drain: false);
        gate.SetResult();
        await stopped.WaitAsync(Patience);
        HotSwapException refused = await Assert.ThrowsAsync<HotSwapException>(() => swap.WaitAsync(Patience));
        Assert.Contains("it has stopped", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["old started", "old stopped"], _log);
    }

    private ActorRef<int> Spawn(Func<Actor<int>> factory, FailurePolicy onFailure = FailurePolicy.Stop) => System.Spawn(factory, new SpawnOptions { OnFailure = onFailure });

    private Worker Logging(string name, Task? gate = null, Action<ActorContext<int>>? started = null) => new(name, _log, gate ?? Task.CompletedTask, started);

    private sealed class Worker(string name, ConcurrentQueue<string> log, Task gate, Action<ActorContext<int>>? started) : Actor<int>, IRestartsToSwap
    {
        protected override void Started()
        {
            log.Enqueue($"{name} started");
            started?.Invoke(Context);
        }

        protected override void Stopped() => log.Enqueue($"{name} stopped");

        protected override async ValueTask ReceiveAsync(int message)
        {
            if (message < 0)
                throw new InvalidOperationException("asked to fail");
            await gate;
            log.Enqueue($"{name} {message}");
        }
    }
}
