using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>What an actor has only if it waits, uses timers, has children, is watched, or has failed. Made at the first need.</summary>
/// <remarks>Touched in the actor's turns only, except where a member says otherwise.</remarks>
internal abstract partial class OptionalState
{
    private ChildRegister<ActorCell, ProcessorMemory>? _children;
    private TaskCompletionSource? _termination;
    private ActorRestart? _restart;
    private long _generatedName;

    /// <summary>System messages that call the handler and wait until they may.</summary>
    internal LinkedFifo<SystemMessage> Waiting;

    internal ActorTimer? Timers;

    /// <summary>The asks under way of this actor. Others look at it when an ask has come to its deadline.</summary>
    internal AskLink LatestAsk;

    /// <summary>Null: it declared nothing, or this is a release build.</summary>
    internal DeclaredWaits? DeclaredWaits { get; set; }

    /// <summary>The actor in whose mailbox this one waits for room. Others look at it as they do at <see cref="LatestAsk"/>.</summary>
    internal ActorCell? AwaitsRoomOf { get; set; }

    internal SwapQueue? Swaps { get; set; }

    /// <summary>A swap that is done by the restart under way (<see cref="IRestartsToSwap"/>).</summary>
    internal SwapByRestart? SwapByRestart { get; set; }

    /// <summary>How this actor supervises its children; set before its first turn.</summary>
    internal SupervisionStrategy? Supervision { get; set; }

    /// <summary>Who is to be told when this actor has stopped.</summary>
    internal HashSet<Watch>? Watchers { get; set; }

    /// <summary>Whose end this actor is to be told of.</summary>
    internal Dictionary<ActorCell, Watch>? Watches { get; set; }

    /// <summary>The restart under way, and what is known of the last ones. Any thread may ask for it.</summary>
    internal ActorRestart? Restart => ProcessorMemory.LoadAcquire(ref _restart);

    /// <summary>What this actor knows of its children's failures.</summary>
    internal SupervisorState? Supervisor { get; set; }

    /// <summary>Any thread; null: there never were any.</summary>
    internal ChildRegister<ActorCell, ProcessorMemory>? Children => ProcessorMemory.LoadAcquire(ref _children);

    /// <summary>Any thread.</summary>
    /// <param name="isStepped">The host has no threads: what combines such tasks must not send their ends through the thread pool either.</param>
    internal TaskCompletionSource Termination(bool isStepped)
    {
        if (TerminationIfAny is { } termination)
            return termination;
        var created = new TaskCompletionSource(isStepped ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        return ProcessorMemory.CompareExchange(ref _termination, created, null) ?? created;
    }

    internal TaskCompletionSource? TerminationIfAny => ProcessorMemory.LoadAcquire(ref _termination);

    /// <summary>Any thread.</summary>
    internal ChildRegister<ActorCell, ProcessorMemory> ChildrenForSpawn()
    {
        if (Children is { } children)
            return children;
        var created = new ChildRegister<ActorCell, ProcessorMemory>();
        return ProcessorMemory.CompareExchange(ref _children, created, null) ?? created;
    }

    /// <summary>Any thread: the supervisor keeps its record of a child there, too.</summary>
    internal ActorRestart RestartOf(ActorCell cell)
    {
        if (Restart is { } restart)
            return restart;
        var created = new ActorRestart(cell);
        return ProcessorMemory.CompareExchange(ref _restart, created, null) ?? created;
    }

    /// <summary>A name for the path of an actor that was given none. Any thread.</summary>
    internal string GeneratedName(ActorSystem system)
    {
        long name = ProcessorMemory.LoadAcquire(ref _generatedName);
        if (name == 0)
        {
            long created = system.NextGeneratedName();
            name = ProcessorMemory.CompareExchange(ref _generatedName, created, 0);
            name = name == 0 ? created : name;
        }

        return $"{ActorSystem.GeneratedNamePrefix}{name}";
    }
}
