namespace Troupe.Actors.Tests;

/// <summary>Who is woken for work, and who sleeps for good: two workers on a clock that only the test moves.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualHost _host = new(2);
    private readonly ActorSystem _system;
    private readonly ActorRef<int> _first;
    private int _handled;

    public WatchTests()
    {
        // Nobody is detached: what a long turn leaves behind is the watchers' to find.
        _system = new ActorSystem(new ActorSystemOptions { Host = _host, Quantum = Timeout.InfiniteTimeSpan });
        ActorRef<int> second = _system.Spawn(new Acting<int>((_, _) =>
        {
            Interlocked.Increment(ref _handled);
            return default;
        }));
        _first = _system.Spawn(new Acting<int>((_, message) =>
        {
            second.Tell(message);
            return default;
        }));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.DisposeAsync().AsTask().WaitAsync(Patience);

    [Fact]
    public async Task WorkThatComesAgainAndAgainWakesHardlyMoreThanOneWorkerEachTime()
    {
        // Two a message is what it would be without a watcher. A worker that stole a turn may leave the other one sleeping without end: then a message
        // now and then wakes the only watcher, and that one wakes another in its place.
        const int Messages = 100, AtMost = 130;
        await SendAsync();
        int before = _host.Wakes;
        for (int message = 0; message < Messages; message++)
        {
            // A pause as long as a watch, and the watchers go on.
            _host.ExpireWatches();
            await SendAsync();
        }

        Assert.InRange(_host.Wakes - before, Messages, AtMost);
    }

    [Fact]
    public async Task WhenNothingMoreComesAllSleepWithoutEnd()
    {
        await SendAsync();
        // One look each to see that something ran, one more to see that nothing did since.
        for (int look = 0; look < 2; look++)
        {
            _host.ExpireWatches();
            await Until(() => _host.AllSleep);
        }

        Assert.True(_host.AllSleepWithoutEnd);
        await SendAsync();
        Assert.False(_host.AllSleepWithoutEnd);
    }

    [Fact]
    public async Task AnActorBehindATurnThatDoesNotReturnIsFoundByTheWatch()
    {
        using ManualResetEventSlim release = new();
        await SendAsync();
        ActorRef<int> blocking = _system.Spawn(new Acting<int>((_, message) =>
        {
            _first.Tell(message);
            Assert.True(release.Wait(Patience));
            return default;
        }));
        await Until(() => _host.AllSleep);
        int before = Volatile.Read(ref _handled);
        blocking.Tell(1);
        DateTime end = DateTime.UtcNow + Patience;
        while (Volatile.Read(ref _handled) == before)
        {
            Assert.True(DateTime.UtcNow < end, "Nobody looked.");
            _host.ExpireWatches();
            await Task.Delay(1);
        }

        release.Set();
    }

    private async Task SendAsync()
    {
        await Until(() => _host.AllSleep);
        int before = Volatile.Read(ref _handled);
        _first.Tell(1);
        await Until(() => Volatile.Read(ref _handled) == before + 1 && _host.AllSleep);
    }

    private static async Task Until(Func<bool> condition)
    {
        DateTime end = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, "It did not come true in time.");
            await Task.Delay(1);
        }
    }

    private sealed class ManualHost(int processors) : IWorkerHost
    {
        private readonly ManualParker[] _parkers = [.. Enumerable.Range(0, processors).Select(_ => new ManualParker())];

        public int ProcessorCount => _parkers.Length;

        public int Wakes => _parkers.Sum(static parker => parker.Wakes);

        public bool AllSleep => _parkers.All(static parker => parker.Sleep is not null);

        public bool AllSleepWithoutEnd => _parkers.All(static parker => parker.Sleep == Timeout.InfiniteTimeSpan);

        public void ExpireWatches()
        {
            foreach (ManualParker parker in _parkers)
                parker.Expire();
        }

        public IParker CreateParker(int processor) => _parkers[processor];

        public void StartWorker(int processor, RunningActor[] running, Action body) => new Thread(() => body()) { IsBackground = true }.Start();

        public int DrainInterrupts(int processor) => 0;
    }

    private sealed class ManualParker : IParker
    {
        private readonly object _gate = new();
        private bool _permit;
        private bool _expired;
        private int _wakes;
        private TimeSpan? _sleep;

        public int Wakes => Volatile.Read(ref _wakes);

        /// <summary>How long it was told to sleep; null while it is awake.</summary>
        public TimeSpan? Sleep
        {
            get
            {
                lock (_gate)
                    return _sleep;
            }
        }

        public void Park(TimeSpan timeout)
        {
            lock (_gate)
            {
                _expired = false;
                _sleep = _permit ? null : timeout;
                while (!_permit && !_expired)
                    Monitor.Wait(_gate);
                _permit = false;
                _sleep = null;
            }
        }

        public void Unpark()
        {
            lock (_gate)
            {
                _wakes++;
                _permit = true;
                _sleep = null;
                Monitor.Pulse(_gate);
            }
        }

        public void Expire()
        {
            lock (_gate)
            {
                if (_sleep is null || _sleep == Timeout.InfiniteTimeSpan)
                    return;
                _expired = true;
                _sleep = null;
                Monitor.Pulse(_gate);
            }
        }
    }
}
