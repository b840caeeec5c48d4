namespace Troupe.Actors;

/// <summary>What a traced message carries: its own number, and that of the message with which its chain of causes began. Zero: not traced.</summary>
internal readonly record struct TraceStamp(long Message, long Flow)
{
    internal bool IsTraced => Message != 0;
}

/// <summary>A stamp that waits for its use in a timer, a pending ask, a sender without room or a fresh actor.</summary>
internal sealed class TraceOrigin(ActorCell? actor, TraceStamp stamp)
{
    internal ActorCell? Actor => actor;

    internal TraceStamp Stamp => stamp;
}
