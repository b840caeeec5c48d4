using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

public sealed class TurnTests : SystemFixture
{
    [Fact]
    public async Task OneTurnAtATimeWhateverTheSendersDo()
    {
        int inside = 0;
        int overlaps = 0;
        int unguarded = 0;
        ActorRef<int> actor = System.Spawn(new Acting<int>((_, number) =>
        {
            if (Interlocked.Increment(ref inside) != 1)
                Interlocked.Increment(ref overlaps);
            unguarded++;
            Interlocked.Decrement(ref inside);
            return default;
        }));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (int number = 0; number < 10_000; number++)
                await actor.TellAsync(number);
        }))).WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(0, overlaps);
        Assert.Equal(40_000, unguarded);
    }

    [Fact]
    public async Task WhileAHandlerIsSuspendedTheNextMessageWaits()
    {
        var gate = new TaskCompletionSource();
        var log = new ConcurrentQueue<string>();
        ActorRef<int> actor = System.Spawn(new Acting<int>(async (_, number) =>
        {
            log.Enqueue($"begin {number}");
            if (number == 1)
                await gate.Task;
            log.Enqueue($"end {number}");
        }));
        actor.Tell(1);
        actor.Tell(2);
        await Until(() => !log.IsEmpty);
        await Task.Delay(20);
        Assert.Equal(["begin 1"], log);
        gate.SetResult();
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(["begin 1", "end 1", "begin 2", "end 2"], log);
    }

    [Fact]
    public async Task ContinuationsRunOnWorkersInTurnsOfTheActor()
    {
        int inside = 0;
        int overlaps = 0;
        var poolThreads = new ConcurrentQueue<bool>();
        ActorRef<int> actor = System.Spawn(new Acting<int>(async (_, _) =>
        {
            for (int step = 0; step < 10; step++)
            {
                if (Interlocked.Increment(ref inside) != 1)
                    Interlocked.Increment(ref overlaps);
                poolThreads.Enqueue(Thread.CurrentThread.IsThreadPoolThread);
                Interlocked.Decrement(ref inside);
                await Task.Yield();
                await Task.Run(static () => { });
            }
        }));
        for (int number = 0; number < 50; number++)
            actor.Tell(number);
        await actor.StopAsync().WaitAsync(Patience);

        Assert.Equal(0, overlaps);
        Assert.Equal(500, poolThreads.Count);
        Assert.DoesNotContain(true, poolThreads);
    }

    [Fact]
    public async Task APinnedActorRunsOnItsWorkerOnly()
    {
        // A worker is one thread as long as none is detached.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(2), OnFailure = Failures.Enqueue, Quantum = Timeout.InfiniteTimeSpan });
        var threads = new ConcurrentDictionary<int, ConcurrentDictionary<int, bool>>();
        ActorRef<int>[] actors = Enumerable.Range(0, 8).Select(index => system.Spawn(new Acting<int>(async (self, _) =>
        {
            int processor = index % 2;
            Assert.Equal(processor, self.It.Processor);
            threads.GetOrAdd(processor, static _ => new()).TryAdd(Environment.CurrentManagedThreadId, true);
            await Task.Yield();
            threads[processor].TryAdd(Environment.CurrentManagedThreadId, true);
        }), processor: index % 2)).ToArray();
        for (int number = 0; number < 500; number++)
            await actors[number % actors.Length].TellAsync(number);
        await Task.WhenAll(actors.Select(static actor => actor.StopAsync()).ToArray()).WaitAsync(Patience);

        Assert.Empty(Failures);
        Assert.Single(threads[0]);
        Assert.Single(threads[1]);
        Assert.NotEqual(threads[0].Keys.Single(), threads[1].Keys.Single());
    }

    [Fact]
    public async Task ALongTurnDoesNotHoldUpOtherActors()
    {
        using var release = new ManualResetEventSlim();
        var answered = new TaskCompletionSource();
        // Stolen, not handed over.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(2), Quantum = Timeout.InfiniteTimeSpan });
        ActorRef<int> other = system.Spawn(new Acting<int>((_, _) =>
        {
            answered.SetResult();
            return default;
        }));
        ActorRef<int> blocker = system.Spawn(new Acting<int>((_, _) =>
        {
            // Queued on this very worker, behind this very turn.
            other.Tell(1);
            release.Wait(Patience);
            return default;
        }));
        blocker.Tell(0);

        await answered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        release.Set();
    }

    [Fact]
    public async Task AnActorThatNeverRunsDryLetsOthersHaveTurns()
    {
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
        ActorRef<int>? busy = null;
        busy = system.Spawn(new Acting<int>((_, number) =>
        {
            busy!.TryTell(number);
            return default;
        }));
        busy.Tell(1);
        ActorRef<CounterMessage> counter = system.Spawn(new Counter());

        for (int expected = 1; expected <= 20; expected++)
            Assert.Equal(expected, await counter.AskAsync<int>(static reply => new CounterMessage(1, reply)).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task InterruptsAreDrainedOnTheirWorker()
    {
        var host = new InterruptingHost();
        await using var system = new ActorSystem(new ActorSystemOptions { Host = host });
        var received = new TaskCompletionSource<int>();
        ActorRef<int> driver = system.Spawn(new Acting<int>((_, number) =>
        {
            received.TrySetResult(number);
            return default;
        }), processor: 0);
        await Task.Delay(20);
        host.Raise(() => driver.Tell(42));

        Assert.Equal(42, await received.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task AWorkerShowsWhoseTurnItIsAndOnlyThen()
    {
        var host = new InterruptingHost();
        string? between = "nothing yet", inTurn = null;
        // No second thread, whose word the host would keep.
        await using (var system = new ActorSystem(new ActorSystemOptions { Host = host, Quantum = Timeout.InfiniteTimeSpan }))
        {
            var seen = new TaskCompletionSource();
            ActorRef<int> named = system.Spawn(new Acting<int>((_, _) => Look(ref inTurn)), "hits");
            named.Tell(0);
            await named.StopAsync();
            Assert.Equal("hits", inTurn);

            ActorRef<int> unnamed = system.Spawn(new Acting<int>((_, _) => Look(ref inTurn)));
            unnamed.Tell(0);
            await unnamed.StopAsync();
            Assert.Equal("(unnamed, of Int32)", inTurn);
            Assert.Null(unnamed.Name);

            // An interrupt's callback runs on the worker, in nobody's turn.
            host.Raise(() =>
            {
                between = host.Running![0].Name;
                seen.SetResult();
            });
            await seen.Task.WaitAsync(Patience);
        }

        Assert.Null(between);

        ValueTask Look(ref string? name)
        {
            name = host.Running![0].Name;
            return default;
        }
    }

    private sealed class InterruptingHost : IWorkerHost
    {
        private readonly MonitorParker _parker = new();
        private Action? _pending;

        public int ProcessorCount => 1;

        public RunningActor[]? Running { get; private set; }

        public bool ShowsRunningActors => true;

        public void Raise(Action handler)
        {
            Interlocked.Exchange(ref _pending, handler);
            _parker.Unpark();
        }

        public IParker CreateParker(int processor) => _parker;

        public void StartWorker(int processor, RunningActor[] running, Action body)
        {
            Running = running;
            new Thread(() => body()) { IsBackground = true }.Start();
        }

        public int DrainInterrupts(int processor)
        {
            Action? handler = Interlocked.Exchange(ref _pending, null);
            handler?.Invoke();
            return handler is null ? 0 : 1;
        }
    }
}
