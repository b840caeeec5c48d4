namespace Troupe.Actors;

/// <summary>What a <see cref="TraceEvent"/> says happened.</summary>
public enum TraceKind
{
    /// <summary><see cref="TraceEvent.Peer"/> was spawned.</summary>
    Spawn,

    /// <summary>Its <c>Started</c> is called.</summary>
    Start,

    /// <summary>A message was sent to <see cref="TraceEvent.Peer"/>.</summary>
    Send,

    /// <summary>A message that wants an answer was sent to <see cref="TraceEvent.Peer"/>.</summary>
    Ask,

    /// <summary>The sender of a message waits for room in the mailbox of <see cref="TraceEvent.Peer"/>.</summary>
    Wait,

    /// <summary>An ask of <see cref="TraceEvent.Peer"/> was answered.</summary>
    Reply,

    /// <summary>A system message (stop, watch, supervision) was sent to <see cref="TraceEvent.Peer"/>.</summary>
    Signal,

    /// <summary>The clock says that a timer of <see cref="TraceEvent.Peer"/> may be due; <see cref="TraceEvent.Cause"/> is where it was started.</summary>
    Timer,

    /// <summary>The actor begins to handle the message or signal.</summary>
    Receive,

    /// <summary>The handler of the message waits; other actors have their turns.</summary>
    Suspend,

    /// <summary>The handler goes on; <see cref="TraceEvent.Cause"/> is what was handled by whoever let it.</summary>
    Resume,

    /// <summary>The actor's turn is over.</summary>
    TurnEnd,

    /// <summary>The message did not get into a full mailbox: it was dropped, or the sender was told.</summary>
    Refuse,

    /// <summary>The message came to an actor that has stopped.</summary>
    DeadLetter,

    /// <summary>A handler threw; <see cref="TraceEvent.Subject"/> is the type of the exception.</summary>
    Failure,

    /// <summary>A new instance takes the place of the one that failed.</summary>
    Restart,

    /// <summary>A hot swap gave the actor another behaviour; <see cref="TraceEvent.Subject"/> is its type.</summary>
    Swap,

    /// <summary>The actor has stopped.</summary>
    Stop,

    /// <summary>A worker took the actor from another one's run queue.</summary>
    Steal,

    /// <summary>The actor's turn overran its quantum, and its thread was detached.</summary>
    Detach,
}
