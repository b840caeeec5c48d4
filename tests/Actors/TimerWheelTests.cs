using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Troupe.Actors.Tests;

/// <summary>Timers by the machine's clock. How they behave otherwise: <see cref="TimerTests"/>, where time is a test's.</summary>
public sealed class TimerWheelTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = new(new ActorSystemOptions { Host = new ThreadWorkerHost(2) });

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.DisposeAsync().AsTask().WaitAsync(Patience);

    [Fact]
    public async Task EachOfManyTimersComesOnceAndNotTooEarly()
    {
        const int Actors = 40, Each = 50;
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        var timers = new Timers[Actors];
        for (int actor = 0; actor < Actors; actor++)
        {
            int[] delays = [.. Enumerable.Range(0, Each).Select(_ => random.Next(0, random.Next(1, 400)))];
            timers[actor] = new Timers(delays);
            _system.Spawn(timers[actor]);
        }

        await Task.WhenAll(timers.Select(actor => actor.AllCame.Task)).WaitAsync(Patience);
        // Whoever comes twice has had the time for it.
        await Task.Delay(100);
        Assert.All(timers, actor => Assert.True(actor.Fault is null, $"seed {seed}: {actor.Fault}"));
        Assert.All(timers, actor => Assert.Equal(Each, actor.Came));
    }

    [Theory]
    [InlineData(4_200)]
    [InlineData(20)]
    public async Task ATimerMovedForwardAndBackComesOnceAtItsLastTime(int milliseconds)
    {
        var moved = new Moved(TimeSpan.FromMilliseconds(milliseconds));
        _system.Spawn(moved);
        TimeSpan took = await moved.Came.Task.WaitAsync(Patience);
        Assert.True(took >= TimeSpan.FromMilliseconds(milliseconds), $"{took}");
    }

    [Fact]
    public async Task APeriodicTimerKeepsTicking()
    {
        var ticks = new Ticks();
        _system.Spawn(ticks);
        await ticks.Hundred.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task AnActorThatHasStoppedIsNotHeldByItsTimer()
    {
        WeakReference behaviour = await StopOneAsync();
        for (int attempt = 0; attempt < 1000 && behaviour.IsAlive; attempt++)
        {
            await Task.Delay(10);
            // Workers that go on to another actor: the last one's reference may still lie on the stack of one that is idle.
            for (int other = 0; other < 4; other++)
                _system.Spawn(new Timers([0]));
            GC.Collect();
        }

        Assert.False(behaviour.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> StopOneAsync()
    {
        ActorRef<int> actor = _system.Spawn(new Waiting(out WeakReference behaviour));
        actor.Tell(0);
        await actor.StopAsync(drain: true).WaitAsync(Patience);
        return behaviour;
    }

    private sealed class Timers(int[] delays) : Actor<int>
    {
        private readonly bool[] _came = new bool[delays.Length];
        private long _started;

        public TaskCompletionSource AllCame { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? Fault { get; private set; }

        public int Came { get; private set; }

        protected override void Started()
        {
            _started = Stopwatch.GetTimestamp();
            for (int timer = 0; timer < delays.Length; timer++)
                Context.Schedule(timer, TimeSpan.FromMilliseconds(delays[timer]));
        }

        protected override ValueTask ReceiveAsync(int message)
        {
            TimeSpan after = Stopwatch.GetElapsedTime(_started);
            if (_came[message])
                Fault = $"timer {message} came twice";
            if (after < TimeSpan.FromMilliseconds(delays[message]))
                Fault = $"due after {delays[message]} ms, came after {after.TotalMilliseconds} ms";
            _came[message] = true;
            if (++Came == delays.Length)
                AllCame.SetResult();
            return default;
        }
    }

    private sealed class Moved(TimeSpan last) : Actor<int>
    {
        private TimerHandle _timer;
        private long _started;

        public TaskCompletionSource<TimeSpan> Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void Started()
        {
            _timer = Context.CreateTimer(1);
            _timer.Restart(TimeSpan.FromHours(2));
            _timer.Restart(TimeSpan.FromMilliseconds(5));
            _timer.Cancel();
            _timer.Restart(TimeSpan.FromSeconds(20));
            _timer.Restart(TimeSpan.FromMilliseconds(1));
            _started = Stopwatch.GetTimestamp();
            _timer.Restart(last);
        }

        protected override ValueTask ReceiveAsync(int message)
        {
            Came.SetResult(Stopwatch.GetElapsedTime(_started));
            return default;
        }
    }

    private sealed class Ticks : Actor<int>
    {
        private int _count;

        public TaskCompletionSource Hundred { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void Started() => Context.ScheduleEvery(1, TimeSpan.FromMilliseconds(2));

        protected override ValueTask ReceiveAsync(int message)
        {
            if (++_count == 100)
                Hundred.SetResult();
            return default;
        }
    }

    private sealed class Waiting : Actor<int>
    {
        public Waiting(out WeakReference self) => self = new WeakReference(this);

        protected override ValueTask ReceiveAsync(int message)
        {
            Context.CreateTimer(1).Restart(TimeSpan.FromMinutes(10));
            return default;
        }
    }
}
