using System.Collections.Concurrent;

namespace Troupe.Actors.Tests;

/// <summary>Turns that overrun their quantum: who goes on meanwhile, and what holds for the actor that does not return.</summary>
public sealed class PreemptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task WithoutMemoryForAThreadTheProcessorWaitsForOne()
    {
        await using var world = new World(1);
        world.Host.FailingStarts = 3;
        await world.SpinEverywhereAsync();
        Assert.Equal(1, await AskAsync(world.System.Spawn(new Counter())));
        Assert.Equal(0, world.Host.FailingStarts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task ASpinningActorOnEachWorkerDoesNotStopOthers(int workers)
    {
        await using var world = new World(workers);
        ActorRef<int>[] spinners = await world.SpinEverywhereAsync();

        for (int processor = 0; processor < workers; processor++)
            Assert.Equal(1, await AskAsync(world.System.Spawn(new Counter(), processor: processor)));
        ActorRef<CounterMessage> anywhere = world.System.Spawn(new Counter());
        for (int expected = 1; expected <= 100; expected++)
            Assert.Equal(expected, await AskAsync(anywhere));
        await world.UntilAsync(() => spinners.All(static spinner => spinner.TurnTime > TimeSpan.Zero));
    }

    /// <summary>The same without preemption: what the test above sees is not the scheduler's doing.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WithoutPreemptionTheSameStarves(int workers)
    {
        await using var world = new World(workers, quantum: Timeout.InfiniteTimeSpan);
        await world.SpinEverywhereAsync();
        Task<int> answer = AskAsync(world.System.Spawn(new Counter())).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(500)));
        Assert.Equal(0, world.System.DetachmentCount);
        world.Release();
        Assert.Equal(1, await answer.WaitAsync(Patience));
    }

    /// <summary>What a detached turn sends arrives at once, in order, and its own actor's next turn waits for its end.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ADetachedTurnIsStillOneTurnAndItsMessagesKeepTheirOrder(bool pinned)
    {
        const int Messages = 300;
        await using var world = new World(1);
        var received = new ConcurrentQueue<int>();
        ActorRef<int> receiver = world.System.Spawn(new Acting<int>((_, number) =>
        {
            received.Enqueue(number);
            return default;
        }), processor: pinned ? 0 : null);
        int inside = 0, overlaps = 0, turns = 0;
        ActorRef<int> sender = world.System.Spawn(new Acting<int>((_, first) =>
        {
            if (Interlocked.Increment(ref inside) != 1)
                Interlocked.Increment(ref overlaps);
            for (int number = 0; number < Messages; number++)
            {
                receiver.Tell(first + number);
                // Before, while and after it is detached; the receiver is idle now and then.
                SpinFor(TimeSpan.FromMicroseconds(100));
            }

            // The last one sent is handled while this turn goes on.
            SpinUntil(() => received.Count == first + Messages);
            Interlocked.Decrement(ref inside);
            turns++;
            return default;
        }));
        for (int round = 0; round < 3; round++)
            sender.Tell(round * Messages);
        await world.UntilAsync(() => Volatile.Read(ref turns) == 3);

        Assert.Equal(0, overlaps);
        Assert.Equal(Enumerable.Range(0, 3 * Messages), received);
        Assert.InRange(world.System.DetachmentCount, 1, int.MaxValue);
    }

    [Fact]
    public async Task NoMoreThreadsAreDetachedThanTheCapAllows()
    {
        await using var world = new World(1, maximumDetached: 2);
        var releases = new ManualResetEventSlim[4];
        int started = 0;
        for (int index = 0; index < releases.Length; index++)
        {
            ManualResetEventSlim release = releases[index] = new ManualResetEventSlim();
            world.System.Spawn(new Acting<int>((_, _) =>
            {
                Interlocked.Increment(ref started);
                release.Wait(Patience);
                return default;
            })).Tell(0);
        }

        // Two are detached; the third has the processor, and the fourth waits.
        await world.UntilAsync(() => Volatile.Read(ref started) == 3);
        await Task.Delay(100);
        Assert.Equal(3, Volatile.Read(ref started));
        Assert.Equal(2, world.System.DetachedThreadCount);

        // One ends: the third can be detached, and the fourth begins.
        releases[0].Set();
        await world.UntilAsync(() => Volatile.Read(ref started) == 4);
        foreach (ManualResetEventSlim release in releases)
            release.Set();
        await world.UntilAsync(() => world.System.DetachedThreadCount == 0);
    }

    /// <summary>The processor of a detached thread parks, wakes and drains on one thread; the detached one goes away.</summary>
    [Fact]
    public async Task ADetachedThreadEndsAfterItsTurn()
    {
        await using var world = new World(1);
        int[] threads = new int[3];
        ActorRef<int> actor = world.System.Spawn(new Acting<int>((_, number) =>
        {
            threads[number] = Environment.CurrentManagedThreadId;
            if (number == 0)
                world.WaitForRelease();
            return default;
        }));
        actor.Tell(0);
        await world.UntilAsync(() => world.System.DetachedThreadCount == 1);
        actor.Tell(1);
        actor.Tell(2);
        world.Release();
        await world.UntilAsync(() => Volatile.Read(ref threads[2]) != 0 && world.System.DetachedThreadCount == 0);
        await world.UntilAsync(() => world.Host.Started == world.Host.Ended + 1);
    }

    [Fact]
    public async Task TheHostIsToldWhichThreadToDemote()
    {
        await using var world = new World(2);
        await world.SpinEverywhereAsync();
        // On a busy machine a short turn may overrun as well.
        Assert.Subset(world.Host.Demoted.ToHashSet(), world.SpinningThreads.ToHashSet());
    }

    [Fact]
    public async Task ASystemStopsWhileThreadsAreDetached()
    {
        var world = new World(2);
        await world.SpinEverywhereAsync();
        Task stopping = world.System.DisposeAsync().AsTask();
        await Task.Delay(50);
        Assert.False(stopping.IsCompleted);
        world.Release();
        await stopping.WaitAsync(Patience);
        await world.UntilAsync(() => world.Host.Started == world.Host.Ended);
    }

    [Fact]
    public async Task WhenAllSleepNobodyLooks()
    {
        await using var world = new World(2);
        Assert.Equal(1, await AskAsync(world.System.Spawn(new Counter())));
        await world.UntilAsync(() => world.Host.MonitorSleepsWithoutEnd);
        int looks = world.Host.Looks;
        await Task.Delay(50);
        Assert.True(world.Host.MonitorSleepsWithoutEnd);
        Assert.Equal(looks, world.Host.Looks);

        // And a turn wakes it.
        await world.SpinEverywhereAsync();
        Assert.Equal(2, world.System.DetachedThreadCount);
    }

    private static ValueTask<int> AskAsync(ActorRef<CounterMessage> counter) =>
        counter.AskAsync<int>(static reply => new CounterMessage(1, reply), Patience);

    private static void SpinFor(TimeSpan time)
    {
        long start = TimeProvider.System.GetTimestamp();
        SpinUntil(() => TimeProvider.System.GetElapsedTime(start) >= time);
    }

    private static void SpinUntil(Func<bool> condition)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition() && TimeProvider.System.GetElapsedTime(start) < Patience)
            Thread.SpinWait(20);
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly bool _preempts;
        private int _released;

        public World(int workers, TimeSpan? quantum = null, int maximumDetached = ActorSystemOptions.DefaultMaximumDetached)
        {
            Host = new CountingHost(workers);
            _preempts = quantum is null;
            var options = new ActorSystemOptions { Host = Host, MaximumDetached = maximumDetached, ShutdownTimeout = Patience };
            System = new ActorSystem(quantum is null ? options : options with { Quantum = quantum.Value });
        }

        public CountingHost Host { get; }

        public ActorSystem System { get; }

        public ConcurrentQueue<long> SpinningThreads { get; } = new();

        public void Release() => Volatile.Write(ref _released, 1);

        public void WaitForRelease()
        {
            SpinningThreads.Enqueue(Environment.CurrentManagedThreadId);
            SpinUntil(() => Volatile.Read(ref _released) != 0);
        }

        /// <summary>Returns when all spin, and are detached if they can be.</summary>
        public async Task<ActorRef<int>[]> SpinEverywhereAsync()
        {
            ActorRef<int>[] spinners = [.. Enumerable.Range(0, Host.ProcessorCount).Select(processor => System.Spawn(new Acting<int>((_, _) =>
            {
                WaitForRelease();
                return default;
            }), processor: processor))];
            foreach (ActorRef<int> spinner in spinners)
                spinner.Tell(0);
            await UntilAsync(() => SpinningThreads.Count == spinners.Length
                && System.DetachedThreadCount == (_preempts ? spinners.Length : 0));
            return spinners;
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            long start = TimeProvider.System.GetTimestamp();
            while (!condition())
            {
                Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "It did not come true in time.");
                await Task.Delay(1);
            }
        }

        public ValueTask DisposeAsync()
        {
            Release();
            return System.DisposeAsync();
        }
    }

    /// <summary>Plain threads, known by their managed ids.</summary>
    private sealed class CountingHost(int processors) : IWorkerHost
    {
        private readonly CountingParker _monitor = new();
        private int _started;
        private int _ended;

        public int ProcessorCount => processors;

        public long CurrentThreadId => Environment.CurrentManagedThreadId;

        public int Started => Volatile.Read(ref _started);

        public int Ended => Volatile.Read(ref _ended);

        public ConcurrentQueue<long> Demoted { get; } = new();

        /// <summary>So many threads cannot be started from now on.</summary>
        public int FailingStarts { get; set; }

        public int Looks => _monitor.Looks;

        public bool MonitorSleepsWithoutEnd => _monitor.Timeout == Timeout.InfiniteTimeSpan;

        public IParker CreateParker(int processor) => new MonitorParker();

        public IParker CreateMonitorParker() => _monitor;

        public void StartWorker(int processor, RunningActor[] running, Action body)
        {
            if (FailingStarts > 0)
            {
                FailingStarts--;
                throw new OutOfMemoryException();
            }

            Interlocked.Increment(ref _started);
            new Thread(() =>
            {
                body();
                Interlocked.Increment(ref _ended);
            })
            { IsBackground = true }.Start();
        }

        public void Demote(long threadId) => Demoted.Enqueue(threadId);

        public int DrainInterrupts(int processor) => 0;
    }

    private sealed class CountingParker : IParker
    {
        private readonly MonitorParker _inner = new();
        private long _timeout;
        private int _looks;

        /// <summary>The last time it was told to sleep; zero while awake.</summary>
        public TimeSpan Timeout => new(Volatile.Read(ref _timeout));

        public int Looks => Volatile.Read(ref _looks);

        public void Park(TimeSpan timeout)
        {
            Interlocked.Increment(ref _looks);
            Volatile.Write(ref _timeout, timeout.Ticks);
            _inner.Park(timeout);
            Volatile.Write(ref _timeout, 0);
        }

        public void Unpark() => _inner.Unpark();
    }
}
