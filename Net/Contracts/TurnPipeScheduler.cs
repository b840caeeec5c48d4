using System.IO.Pipelines;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>
/// Runs one connection's continuations as turns of an actor of their own: the application resumes on the worker that brought its
/// octets, no thread is woken, and what it awaits comes back as such a turn too. Whoever blocks in one holds up a worker until its thread is detached.
/// </summary>
/// <remarks>
/// For an application that may block, one continuation at a time is a turn: what becomes ready while another waits for its turn or has it goes to the thread pool. So a turn that waits for
/// something else of its own connection, such as the rest of an asynchronous method that it called, does not wait for itself. And while many turns are blocked all of it goes there,
/// so that there are always workers for the network that they may be waiting for.
/// </remarks>
public sealed class TurnPipeScheduler : PipeScheduler
{
    /// <summary>Detached threads beyond which an application that may block gets no more turns; a system has 256 of them (<see cref="ActorSystemOptions.MaximumDetached"/>).</summary>
    private const int MostDetached = 32;

    private readonly ActorSystem _system;
    private readonly ActorRef<Continuation> _turns;
    private readonly bool _mayBlock;
    private int _taken;

    /// <summary>Spawns the actor.</summary>
    /// <param name="system">Where it lives.</param>
    /// <param name="mayBlock">Whether the application may block in a continuation.</param>
    public TurnPipeScheduler(ActorSystem system, bool mayBlock = false)
    {
        ArgumentNullException.ThrowIfNull(system);
        _system = system;
        _mayBlock = mayBlock;
        // Bounded by the pipes: each has at most one reader and one writer to resume.
        _turns = system.Spawn(
            mayBlock ? new BlockingContinuationActor(this) : new ContinuationActor(), new SpawnOptions { Mailbox = MailboxOptions.Unbounded, OnFailure = FailurePolicy.Resume });
    }

    /// <inheritdoc/>
    public override void Schedule(Action<object?> action, object? state)
    {
        // The connection may be gone; its application still has to come to an end.
        if (!TryTell(new(action, null, state)))
            ThreadPool.Schedule(action, state);
    }

    /// <summary>The connection has ended: what was scheduled still runs, what comes later goes to the thread pool.</summary>
    public void Stop() => _ = _turns.StopAsync(drain: true);

    private bool TryTell(in Continuation continuation)
    {
        if (!_mayBlock)
            return _turns.TryTell(continuation);
        if (_system.DetachedThreadCount > MostDetached || Interlocked.Exchange(ref _taken, 1) != 0)
            return false;
        if (_turns.TryTell(continuation))
            return true;
        Volatile.Write(ref _taken, 0);
        return false;
    }

    [SendableByContract("A continuation of the pipes or of the application: who schedules it hands it over, and does not run it as well.")]
    private readonly record struct Continuation(Action<object?>? Action, SendOrPostCallback? Callback, object? State)
    {
        public void Run()
        {
            if (Action is { } action)
                action(State);
            else
                Callback!(State);
        }
    }

    private sealed class ContinuationActor : Actor<Continuation>
    {
        protected override ValueTask ReceiveAsync(Continuation message)
        {
            message.Run();
            return default;
        }
    }

    private sealed class BlockingContinuationActor(TurnPipeScheduler scheduler) : Actor<Continuation>
    {
        private readonly ApplicationContext _context = new(scheduler);

        protected override ValueTask ReceiveAsync(Continuation message)
        {
            SynchronizationContext? outer = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(_context);
            try
            {
                message.Run();
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(outer);
                Volatile.Write(ref scheduler._taken, 0);
            }

            return default;
        }
    }

    /// <summary>Where the application was when it awaited something: in a turn, and if that is taken by now, on the thread pool.</summary>
    private sealed class ApplicationContext(TurnPipeScheduler scheduler) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            if (!scheduler.TryTell(new(null, d, state)))
                System.Threading.ThreadPool.UnsafeQueueUserWorkItem(static work => work.d(work.state), (d, state), preferLocal: false);
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
