using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// What the scheduler and the tree know of an actor. It is also the actor's synchronization context: what a handler awaits
/// comes back here and becomes a turn.
/// </summary>
/// <remarks>There may be a million of these: what most actors never need is in <see cref="OptionalState"/>.</remarks>
internal abstract partial class ActorCell : SynchronizationContext, ILinked<ActorCell>, ISibling<ActorCell>
{
    private ActorCell? _link;
    private ActorCell? _previousSibling;
    private ActorCell? _nextSibling;
    private LinkedInbox<SystemMessage, ProcessorMemory> _system;
    private long _turnTime;
    private OptionalState? _optional;
    /// <summary>Scheduled from the start: who spawns the actor queues it, for the turn that calls Started.</summary>
    private protected TurnGate<ProcessorMemory> Gate = TurnGate<ProcessorMemory>.CreateScheduled();
    private int _stopped;
    private readonly short _processor;

    private protected ActorCell(ActorSystem system, ActorCell? parent, string description, SpawnOptions options)
    {
        System = system;
        Parent = parent;
        Description = description;
        _processor = checked((short)(options.Processor ?? -1));
        _policy = (byte)options.OnFailure;
    }

    internal ActorSystem System { get; }

    /// <summary>The actor that spawned it; null at the top.</summary>
    internal ActorCell? Parent { get; }

    internal string? Name => ReferenceEquals(Description, Unnamed) ? null : Description;

    /// <summary>Its name, or <see cref="Unnamed"/>.</summary>
    internal string Description { get; }

    /// <summary>The names from the top down to this actor. Any thread.</summary>
    internal string Path
    {
        get
        {
            // A loop: a tree may be deeper than a stack.
            var names = new List<string>();
            for (ActorCell? cell = this; cell is not null; cell = cell.Parent)
                names.Add(cell.Name ?? cell.Optional.GeneratedName(System));
            names.Add(string.Empty);
            names.Reverse();
            return string.Join('/', names);
        }
    }

    /// <summary>The description of all actors of its kind that have no name: always the same instance.</summary>
    private protected abstract string Unnamed { get; }

    /// <summary>The processor it is pinned to, or -1.</summary>
    internal int Processor => _processor;

    internal abstract ActorRef Reference { get; }

    /// <summary>What handles its messages. Any thread.</summary>
    internal abstract Type BehaviourType { get; }

    /// <summary>The actors it spawned and that have not stopped; null if there never were any. Any thread.</summary>
    internal ChildRegister<ActorCell, ProcessorMemory>? Children => OptionalIfAny?.Children;

    internal ChildRegister<ActorCell, ProcessorMemory> ChildrenForSpawn() => Optional.ChildrenForSpawn();

    ref ActorCell? ILinked<ActorCell>.Link => ref _link;

    /// <summary>Time seen spent in its turns.</summary>
    internal TimeSpan TurnTime => new(ProcessorMemory.LoadAcquire(ref _turnTime));

    ref ActorCell? ISibling<ActorCell>.PreviousSibling => ref _previousSibling;

    ref ActorCell? ISibling<ActorCell>.NextSibling => ref _nextSibling;

    void ISibling<ActorCell>.PushOnto(ref ActorCell? newest)
    {
        ActorCell? seen;
        do
        {
            seen = ProcessorMemory.LoadAcquire(ref newest);
            _nextSibling = seen;
        }
        while (!ReferenceEquals(ProcessorMemory.CompareExchange(ref newest, this, seen), seen));
    }

    /// <summary>Completes when the actor has stopped. Any thread.</summary>
    internal Task Termination
    {
        get
        {
            // The source is visible before the look at the flag; who stops raises the flag before the look for a source.
            TaskCompletionSource termination = Optional.Termination(System.Scheduler.IsStepped);
            if (IsStopped)
                termination.TrySetResult();
            return termination.Task;
        }
    }

    private protected bool HasSystemMessages => _system.HasItems;

    /// <summary>What most actors never need, made now if need be. Any thread.</summary>
    private protected OptionalState Optional
    {
        get
        {
            if (OptionalIfAny is { } optional)
                return optional;
            OptionalState created = CreateOptional();
            return ProcessorMemory.CompareExchange(ref _optional, created, null) ?? created;
        }
    }

    private protected OptionalState? OptionalIfAny => ProcessorMemory.LoadAcquire(ref _optional);

    /// <summary>The monitor only.</summary>
    internal void AddTurnTime(TimeSpan time) => ProcessorMemory.StoreRelease(ref _turnTime, _turnTime + time.Ticks);

    /// <summary>Puts the actor into a run queue unless it is there already. After work was made visible with a full fence.</summary>
    internal void Schedule(bool urgent)
    {
        if (Gate.TrySchedule(urgent))
            System.Scheduler.Enqueue(this);
    }

    internal void PostSystem(SystemMessage message)
    {
        _system.Push(TraceSwitch.IsOn ? Tracing.Post(this, message) : message);
        Schedule(urgent: true);
    }

    /// <summary>Runs one turn. True: it used up its share and stays scheduled; the caller queues it again.</summary>
    /// <remarks>Says <see cref="WorkerThread.EndTurn"/> and makes a full fence when it is through with the behaviour.</remarks>
    internal abstract bool RunTurn(WorkerThread thread, int throughput);

    public override void Post(SendOrPostCallback d, object? state) => PostSystem(new Continuation(d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!ReferenceEquals(Current, this))
            throw new NotSupportedException("An actor cannot be entered from outside; tell it a message or post to it.");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    private protected abstract OptionalState CreateOptional();

    private protected void RunSystemMessages()
    {
        SystemMessage? message = _system.TakeAll();
        while (message is not null)
        {
            ref SystemMessage? link = ref ((ILinked<SystemMessage>)message).Link;
            SystemMessage? next = link;
            // Before it runs: a timer may be queued again while it does.
            link = null;
            if (message.NeedsHandler && (_holds & ~(Holds.Unstashed | Holds.Swapping)) != Holds.None)
            {
                Optional.Waiting.Enqueue(message);
                _holds |= Holds.Waiting;
            }
            else
            {
                message.Run(this);
            }

            message = next;
        }
    }
}
