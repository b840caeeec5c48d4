using System.Runtime.CompilerServices;

namespace Troupe.Actors;

/// <summary>What can be seen of an actor from outside, and what its turns keep for that.</summary>
internal abstract partial class ActorCell
{
    /// <summary>What handles its messages, for display. Any thread.</summary>
    internal abstract string BehaviourName { get; }

    /// <summary>Messages that have left the mailbox for the handler, and the bytes they took. Any thread.</summary>
    internal abstract (long Messages, long Bytes) Taken { get; }

    /// <summary>Messages that the mailbox has accepted. Any thread.</summary>
    internal abstract long Accepted { get; }

    /// <summary>Messages the mailbox may hold.</summary>
    internal abstract int MailboxCapacity { get; }

    /// <summary>Null: there is nothing to tell. Any thread.</summary>
    internal ObservedState? ObservedIfAny => OptionalIfAny?.ObservedIfAny;

    /// <summary>The message whose handler is suspended.</summary>
    internal TraceStamp SuspendedStamp => ObservedIfAny?.SuspendedStamp ?? default;

    internal TraceOrigin? SpawnOrigin
    {
        get => ObservedIfAny?.SpawnOrigin;
        set => Optional.Observed.SpawnOrigin = value;
    }

    /// <summary>The request to stop, if one was traced.</summary>
    internal TraceStamp EndingStamp
    {
        get => ObservedIfAny?.EndingStamp ?? default;
        set => Optional.Observed.EndingStamp = value;
    }

    /// <summary>Its life and what holds it, as seen in passing. Any thread.</summary>
    internal ActorState State
    {
        get
        {
            Holds holds = _holds;
            return _phase switch
            {
                Phase.Stopped => ActorState.Stopped,
                Phase.Ending => ActorState.Stopping,
                _ when (holds & Holds.Stopping) != 0 => ActorState.Stopping,
                _ when (holds & Holds.Decision) != 0 => ActorState.Failed,
                _ when (holds & Holds.Restarting) != 0 => ActorState.Restarting,
                _ when (holds & Holds.Handler) != 0 => ActorState.Suspended,
                Phase.Draining => ActorState.Draining,
                Phase.Created => ActorState.Starting,
                _ when Gate.IsScheduled => ActorState.Ready,
                _ => ActorState.Idle,
            };
        }
    }

    /// <summary>The name it was given or that a path made up, or a description if it has neither: unlike <see cref="Path"/> this makes none up.</summary>
    internal string DisplayName => Name ?? OptionalIfAny?.GeneratedNameIfAny ?? Description;

    /// <summary>The last thing in a turn that touches what belongs to the turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected void EndTurn(WorkerThread thread, int handled)
    {
        if (TraceSwitch.IsOn)
            Tracing.TurnEnd(this);
        thread.EndTurn(handled);
    }

    private void CountRestart()
    {
        Optional.Observed.CountRestart();
        System.CountRestart();
        if (TraceSwitch.IsOn)
            Tracing.Happened(TraceKind.Restart, this);
    }
}
