using Troupe.Actors;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Actors under Coyote: every turn is a task, so turns of different actors overlap in all the ways that Coyote can think of. As many of them at a
/// time as there are processors; time stands still, so no timer and no deadline expires.
/// </summary>
internal sealed class CoyoteActorHost : ISteppedWorkerHost
{
    // Whatever is below is touched in this lock only; who waits for a processor or for the end is pulsed.
    private readonly object _gate = new();
    private readonly Stack<int> _free;
    private int _turns;

    private CoyoteActorHost(int processors)
    {
        ProcessorCount = processors;
        _free = new Stack<int>(Enumerable.Range(0, processors));
    }

    public int ProcessorCount { get; }

    /// <summary>
    /// Makes a test: <paramref name="begin"/> spawns actors and tells them things, and what it returns is called when no actor has anything to do any more, to
    /// check what must be true then. So many actors must have failed by then, and no more.
    /// </summary>
    public static Action Run(Func<ActorSystem, Action> begin, int processors = 2, int failures = 0) => () =>
    {
        var host = new CoyoteActorHost(processors);
        var failed = new List<ActorFailure>();
        var system = new ActorSystem(new ActorSystemOptions
        {
            Host = host,
            Time = new StandingTime(),
            OnFailure = failure =>
            {
                lock (failed) failed.Add(failure);
            },
        });
        var check = begin(system);
        host.WaitUntilIdle();
        Assert.True(failed.Count == failures, $"{failed.Count} failures of actors: {string.Join('\n', failed)}");
        check();
    };

    public void Attach(ActorSystem system)
    {
    }

    public void Enqueue(ReadyTurn turn)
    {
        lock (_gate) _turns++;
        _ = Task.Run(() =>
        {
            int processor;
            lock (_gate)
            {
                while (_free.Count == 0) Monitor.Wait(_gate);
                processor = _free.Pop();
            }

            turn.Run(maximumMessages: 1, processor);
            lock (_gate)
            {
                _free.Push(processor);
                _turns--;
                Monitor.PulseAll(_gate);
            }
        });
    }

    private void WaitUntilIdle()
    {
        lock (_gate)
        {
            while (_turns > 0) Monitor.Wait(_gate);
        }
    }

    private sealed class StandingTime : TimeProvider
    {
        public override long GetTimestamp() => 0;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new StandingTimer();
    }

    private sealed class StandingTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
