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

    private static readonly SpawnOptions _spawn = new() { Mailbox = MailboxOptions.Unbounded, OnFailure = FailurePolicy.Resume };

    private readonly ActorSystem _system;
    private readonly bool _mayBlock;
    private readonly ApplicationContext? _context;
    private ActorRef<Continuation>? _turns;
    private int _taken;
    private int _stopped;

    /// <summary>Spawns the actor, for an application that may block at its first continuation: a connection that serves one request on the pool needs none.</summary>
    /// <param name="system">Where it lives.</param>
    /// <param name="mayBlock">Whether the application may block in a continuation.</param>
    public TurnPipeScheduler(ActorSystem system, bool mayBlock = false)
    {
        ArgumentNullException.ThrowIfNull(system);
        _system = system;
        _mayBlock = mayBlock;
        if (mayBlock)
            _context = new(this);
        else
            _turns = Spawn(new ContinuationActor());
    }

    /// <summary>Whether the application may block in a continuation.</summary>
    public bool MayBlock => _mayBlock;

    /// <summary>What brings the application's awaits back to its turns; null if it never blocks, because each of its turns does.</summary>
    public SynchronizationContext? Context => _context;

    /// <summary>The schedulers that this one is kept with; null: with none.</summary>
    internal TurnPipeSchedulers? Together { get; init; }

    /// <inheritdoc/>
    public override void Schedule(Action<object?> action, object? state)
    {
        // The connection may be gone; its application still has to come to an end.
        if (!TryTell(new(action, null, state)))
            ThreadPool.Schedule(action, state);
    }

    /// <summary>Schedules a connection's first continuation from the thread pool, where others may begin as well: all of them go to the workers together.</summary>
    public void Begin(Action<object?> action, object? state)
    {
        if (Together is { } together)
            together.Begin(this, action, state);
        else
            Schedule(action, state);
    }

    /// <summary>No connection will use it any more: what was scheduled still runs, what comes later goes to the thread pool.</summary>
    public void Stop()
    {
        Interlocked.Exchange(ref _stopped, 1);
        if (Volatile.Read(ref _turns) is { } turns)
            _ = turns.StopAsync(drain: true);
    }

    private bool TryTell(in Continuation continuation)
    {
        if (!_mayBlock)
            return _turns!.TryTell(continuation);
        if (_system.DetachedThreadCount > MostDetached || Interlocked.Exchange(ref _taken, 1) != 0)
            return false;
        if ((_turns ?? SpawnFirst()) is { } turns && turns.TryTell(continuation))
            return true;
        Volatile.Write(ref _taken, 0);
        return false;
    }

    /// <summary>Who has taken the turn is alone here.</summary>
    private ActorRef<Continuation>? SpawnFirst()
    {
        if (Volatile.Read(ref _stopped) != 0)
            return null;
        ActorRef<Continuation> turns;
        try
        {
            turns = Spawn(new BlockingContinuationActor(this));
        }
        catch (ObjectDisposedException)
        {
            // The system ends, and its applications with it.
            return null;
        }

        // Stop says so first and looks for the actor then: one of the two sees the other, or both.
        Interlocked.Exchange(ref _turns, turns);
        if (Volatile.Read(ref _stopped) != 0)
            _ = turns.StopAsync(drain: true);
        return turns;
    }

    // Bounded by the pipes: each has at most one reader and one writer to resume.
    private ActorRef<Continuation> Spawn(Actor<Continuation> actor) =>
        _system.Spawn(actor, _spawn);

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
        protected override ValueTask ReceiveAsync(Continuation message)
        {
            SynchronizationContext? outer = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(scheduler._context);
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
