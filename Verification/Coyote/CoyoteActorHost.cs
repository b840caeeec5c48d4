using Troupe.Actors;
using Troupe.Verification.Atomics;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Actors under Coyote: every turn is a task, so turns of different actors overlap in all the ways that Coyote can think of. As many of them at a
/// time as there are processors; time stands still, so no timer and no deadline expires.
/// </summary>
internal sealed class CoyoteActorHost : ISteppedWorkerHost
{
    private const int MaximumAdvances = 1_000;

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
    /// check what must be true then. So many actors must have failed by then, and no more. Who is no actor may act <paramref name="beside"/> them: it is looked at after
    /// <paramref name="begin"/>. With a <paramref name="time"/>, the clock goes on to the next timer whenever no actor has anything to do, until there is none; <paramref name="afterwards"/> may
    /// then tell actors more.
    /// </summary>
    /// <remarks>
    /// Make whatever a test uses within <paramref name="begin"/>. Coyote watches a list, a set or a dictionary that is made while it runs a schedule, this test's or another's, and not one that is made
    /// before: what a test makes outside of its schedules has scheduling points in one process and none in another. An array never has.
    /// </remarks>
    public static Action Run(
        Func<ActorSystem, Action> begin, int processors = 2, int failures = 0, Action[]? beside = null, Func<SteppedTime>? time = null, Action<ActorSystem>? afterwards = null) => () =>
    {
        var host = new CoyoteActorHost(processors);
        var failed = new List<ActorFailure>();
        var clock = time?.Invoke();
        var system = new ActorSystem(new ActorSystemOptions
        {
            Host = host,
            Time = (TimeProvider?)clock ?? new StandingTime(),
            OnFailure = failure =>
            {
                lock (failed) failed.Add(failure);
            },
        });
        var check = begin(system);
        if (beside is not null) RunBeside(beside);
        host.WaitUntilIdle();
        for (var advances = 0; clock?.TryAdvance() == true; advances++)
        {
            Assert.True(advances < MaximumAdvances, "timers without an end");
            host.WaitUntilIdle();
        }

        afterwards?.Invoke(system);
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
        var actor = turn.Actor.ToString();
        AtomicOperations.Note(actor, "has something to do");
        _ = Task.Run(() =>
        {
            int processor;
            lock (_gate)
            {
                while (_free.Count == 0) Monitor.Wait(_gate);
                processor = _free.Pop();
            }

            AtomicOperations.Name(actor);
            AtomicOperations.Note(actor, "turn begins");
            turn.Run(maximumMessages: 1, processor);
            AtomicOperations.Note(actor, "turn is over");
            lock (_gate)
            {
                _free.Push(processor);
                _turns--;
                Monitor.PulseAll(_gate);
            }
        });
    }

    private static void RunBeside(Action[] beside)
    {
        var tasks = new Task[beside.Length];
        var start = RealThreads.Start.For(beside.Length);
        for (var i = 0; i < tasks.Length; i++)
        {
            var (number, body) = (i + 1, beside[i]);
            tasks[i] = Task.Run(() =>
            {
                AtomicOperations.Name($"beside {number}");
                start?.Meet();
                body();
            });
        }

        Task.WaitAll(tasks);
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
