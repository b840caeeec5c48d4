using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Swapping the behaviour of a living actor.</summary>
public sealed class HotSwapTests : SystemFixture
{
    private readonly ConcurrentQueue<string> _log = new();

    [Fact]
    public async Task TheOldBehaviourHandlesWhatCameBeforeTheNewOneTheRest()
    {
        var (actor, gate) = await Busy("old");
        actor.Tell(1);
        actor.Tell(2);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(3);
        gate.SetResult();
        SwapResult result = await swap.WaitAsync(Patience);
        actor.Tell(4);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["old 0", "old 1", "old 2", "new 3", "new 4"], _log);
        Assert.Equal((2, 1), (result.Generation, result.Waiting));
    }

    [Fact]
    public async Task SwapsAskedForTogetherTakeTheirPlacesInOrder()
    {
        var (actor, gate) = await Busy("a");
        Task<SwapResult> first = actor.SwapAsync(() => Logging("b"));
        actor.Tell(1);
        Task<SwapResult> second = actor.SwapAsync(() => Logging("c"));
        Task<SwapResult> third = actor.SwapAsync(() => Logging("d"));
        actor.Tell(2);
        gate.SetResult();
        await Task.WhenAll(first, second, third).WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["a 0", "b 1", "d 2"], _log);
        Assert.Equal(4, (await third).Generation);
    }

    [Fact]
    public async Task ASwapNeedsNoRoomInTheMailbox()
    {
        var (actor, gate) = await Busy("old", new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 2 } });
        actor.Tell(1);
        actor.Tell(2);
        Assert.False(actor.TryTell(3));
        Task waiting = actor.TellAsync(3).AsTask();
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        gate.SetResult();
        await swap.WaitAsync(Patience);
        await waiting.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        // What waited for room was not in the mailbox yet.
        Assert.Equal(["old 0", "old 1", "old 2", "new 3"], _log);
    }

    [Fact]
    public async Task AMailboxThatDropsTheOldestStillComesToItsSwap()
    {
        var (actor, gate) = await Busy("old", new SpawnOptions { Mailbox = new MailboxOptions { Capacity = 2, OverflowPolicy = OverflowPolicy.DropOldest } });
        actor.Tell(1);
        actor.Tell(2);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(3);
        gate.SetResult();
        await swap.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["old 0", "old 2", "new 3"], _log);
        Assert.Equal(1, actor.Dropped);
    }

    [Fact]
    public async Task ASwapWaitsForASuspendedHandler()
    {
        TaskCompletionSource resume = new(TaskCreationOptions.RunContinuationsAsynchronously);
        SynchronizationContext? turns = null;
        ActorRef<int> actor = System.Spawn(new Acting<int>(async (_, number) =>
        {
            turns = SynchronizationContext.Current;
            _log.Enqueue($"begins {number}");
            await resume.Task;
            _log.Enqueue($"ends {number}");
        }));
        actor.Tell(1);
        await Until(() => !_log.IsEmpty);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(2);
        // A later system message has been dealt with, so the swap has been looked at too.
        turns!.Post(_ => _log.Enqueue("looked"), null);
        await Until(() => _log.Contains("looked"));
        Assert.False(swap.IsCompleted);
        resume.SetResult();
        await swap.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["begins 1", "looked", "ends 1", "new 2"], _log);
    }

    [Fact]
    public async Task ChildrenWatchesTimersAndStashStay()
    {
        const int Tick = 100, Ended = 101;
        ActorRef<int> watched = System.Spawn(Logging("watched"));
        ActorRef<int>? child = null;
        ActorRef<int> actor = System.Spawn(new Acting<int>(
            (self, number) =>
            {
                self.It.Stash(number);
                return default;
            },
            self =>
            {
                child = self.It.Spawn(Logging("child"));
                self.It.Watch(watched, Ended);
                self.It.ScheduleEvery(Tick, TimeSpan.FromSeconds(1));
            },
            _ => _log.Enqueue("old stopped")));
        actor.Tell(1);
        await actor.SwapAsync(() => new Acting<int>(
            (self, number) =>
            {
                _log.Enqueue($"new {number}");
                if (number == 2)
                    self.It.UnstashAll();
                return default;
            },
            _ => _log.Enqueue("new started"))).WaitAsync(Patience);
        actor.Tell(2);
        await Until(() => _log.Contains("new 1"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Until(() => _log.Contains("new 100"));
        watched.Stop();
        await Until(() => _log.Contains("new 101"));
        child!.Tell(3);
        await Until(() => _log.Contains("child 3"));
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["new 2", "new 1", "new 100", "new 101", "child 3"], _log);
        Assert.True(child.Terminated.IsCompleted);
    }

    [Fact]
    public async Task WhatTheOldBehaviourHadBecomeEnds()
    {
        ActorRef<int> actor = System.Spawn(new Acting<int>((self, _) =>
        {
            self.It.Become(number =>
            {
                _log.Enqueue($"become {number}");
                return default;
            });
            return default;
        }));
        actor.Tell(0);
        actor.Tell(1);
        await actor.SwapAsync(() => Logging("new")).WaitAsync(Patience);
        actor.Tell(2);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["become 1", "new 2"], _log);
    }

    [Fact]
    public async Task ARestartAfterASwapMakesTheNewBehaviour()
    {
        ActorRef<int> actor = System.Spawn(() => Logging("old", failsOn: 0), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        int made = 0;
        await actor.SwapAsync(() =>
        {
            int instance = ++made;
            return Logging($"new#{instance}", failsOn: 1);
        }).WaitAsync(Patience);
        actor.Tell(1);
        actor.Tell(2);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["new#1 1", "new#2 2"], _log);
    }

    [Fact]
    public async Task AFailureBeforeItsPlaceDoesNotStopASwap()
    {
        var (actor, gate) = await Busy("old", new SpawnOptions { OnFailure = FailurePolicy.Restart }, failsOn: 1);
        actor.Tell(1);
        actor.Tell(2);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(3);
        gate.SetResult();
        await swap.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["old 0", "old 1", "old 2", "new 3"], _log);
    }

    [Fact]
    public async Task AnActorThatStopsRefusesItsSwaps()
    {
        var (actor, gate) = await Busy("old");
        Task<SwapResult> before = actor.SwapAsync(() => Logging("new"));
        actor.Stop();
        gate.SetResult();
        await actor.Terminated.WaitAsync(Patience);

        await Assert.ThrowsAsync<HotSwapException>(() => before.WaitAsync(Patience));
        await Assert.ThrowsAsync<HotSwapException>(() => actor.SwapAsync(() => Logging("new")).WaitAsync(Patience));
    }

    [Fact]
    public async Task ADrainingActorComesToItsSwap()
    {
        var (actor, gate) = await Busy("old");
        actor.Tell(1);
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"));
        actor.Tell(2);
        Task stopped = actor.StopAsync(drain: true);
        gate.SetResult();
        await swap.WaitAsync(Patience);
        await stopped.WaitAsync(Patience);

        Assert.Equal(["old 0", "old 1", "new 2"], _log);
    }

    [Fact]
    public async Task ASwapIsWithdrawnUntilItBegins()
    {
        var (actor, gate) = await Busy("old");
        using CancellationTokenSource cancellation = new();
        Task<SwapResult> swap = actor.SwapAsync(() => Logging("new"), cancellation.Token);
        actor.Tell(1);
        await cancellation.CancelAsync();
        gate.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => swap.WaitAsync(Patience));
        await actor.StopAsync().WaitAsync(Patience);
        Assert.Equal(["old 0", "old 1"], _log);
    }

    [Fact]
    public async Task NothingKeepsTheOldBehaviour()
    {
        ActorRef<int> actor = System.Spawn(() => Logging("first"), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        WeakReference old = await SwapTwice(actor);
        await Until(() =>
        {
            GC.Collect();
            return !old.IsAlive;
        });
        actor.Tell(2);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["become 1", "new 2"], _log);
    }

    private async Task<WeakReference> SwapTwice(ActorRef<int> actor)
    {
        WeakReference? old = null;
        await actor.SwapAsync(() =>
        {
            var behaviour = new Acting<int>(async (self, number) =>
            {
                self.It.Become(next =>
                {
                    _log.Enqueue($"become {next}");
                    return default;
                });
                await Task.Yield();
            });
            old = new WeakReference(behaviour);
            return behaviour;
        }).WaitAsync(Patience);
        actor.Tell(0);
        actor.Tell(1);
        await actor.SwapAsync(() => Logging("new")).WaitAsync(Patience);
        return old!;
    }

    private Acting<int> Logging(string name, int failsOn = -1) => new((_, number) =>
    {
        _log.Enqueue($"{name} {number}");
        return number == failsOn ? throw new FormatException() : default;
    });

    /// <summary>An actor in the middle of message 0, which it goes on with when the gate opens.</summary>
    private async Task<(ActorRef<int> Actor, TaskCompletionSource Gate)> Busy(string name, SpawnOptions? options = null, int failsOn = -1)
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ActorRef<int> actor = System.Spawn(
            () => new Acting<int>(async (_, number) =>
            {
                _log.Enqueue($"{name} {number}");
                if (number == 0)
                    await gate.Task;
                if (number == failsOn)
                    throw new FormatException();
            }),
            options ?? new SpawnOptions());
        actor.Tell(0);
        await Until(() => !_log.IsEmpty);
        return (actor, gate);
    }
}
