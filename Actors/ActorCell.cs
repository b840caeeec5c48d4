using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// What the scheduler knows of an actor. It is also the actor's synchronization context: what a handler awaits comes back
/// here and becomes a turn.
/// </summary>
internal abstract class ActorCell : SynchronizationContext, ILinked<ActorCell>
{
    private readonly ActorScheduler _scheduler;
    private ActorCell? _link;
    private LinkedInbox<SystemMessage, ProcessorMemory> _system;
    private long _turnTime;
    private protected TurnGate<ProcessorMemory> Gate;

    private protected ActorCell(ActorSystem system, string description, int processor)
    {
        System = system;
        _scheduler = system.Scheduler;
        Description = description;
        Processor = processor;
    }

    internal ActorSystem System { get; }

    internal string? Name => ReferenceEquals(Description, Unnamed) ? null : Description;

    /// <summary>Its name, or <see cref="Unnamed"/>.</summary>
    internal string Description { get; }

    /// <summary>The description of all actors of its kind that have no name: always the same instance.</summary>
    private protected abstract string Unnamed { get; }

    /// <summary>The processor it is pinned to, or -1.</summary>
    internal int Processor { get; }

    /// <summary>Neighbours in the system's list of live actors, guarded by its lock.</summary>
    internal ActorCell? PreviousLive { get; set; }

    /// <inheritdoc cref="PreviousLive"/>
    internal ActorCell? NextLive { get; set; }

    internal abstract ActorRef Reference { get; }

    ref ActorCell? ILinked<ActorCell>.Link => ref _link;

    /// <summary>Time seen spent in its turns.</summary>
    internal TimeSpan TurnTime => new(ProcessorMemory.LoadAcquire(ref _turnTime));

    private protected bool HasSystemMessages => _system.HasItems;

    private protected SystemMessage? TakeSystemMessages() => _system.TakeAll();

    /// <summary>The monitor only.</summary>
    internal void AddTurnTime(TimeSpan time) => ProcessorMemory.StoreRelease(ref _turnTime, _turnTime + time.Ticks);

    /// <summary>Puts the actor into a run queue unless it is there already. After work was made visible with a full fence.</summary>
    internal void Schedule(bool urgent)
    {
        if (Gate.TrySchedule(urgent))
            _scheduler.Enqueue(this);
    }

    internal void PostSystem(SystemMessage message)
    {
        _system.Push(message);
        Schedule(urgent: true);
    }

    /// <summary>Runs one turn. True: it used up its share and stays scheduled; the caller queues it again.</summary>
    /// <remarks>Says <see cref="WorkerThread.EndTurn"/> and makes a full fence when it is through with the behaviour.</remarks>
    internal abstract bool RunTurn(WorkerThread thread, int throughput);

    internal abstract void RequestStop(bool drain);

    internal abstract void Fail(Exception exception, Type? messageType);

    public override void Post(SendOrPostCallback d, object? state) => PostSystem(new Continuation(d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!ReferenceEquals(Current, this))
            throw new NotSupportedException("An actor cannot be entered from outside; tell it a message or post to it.");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}
