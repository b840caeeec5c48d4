namespace Troupe.Actors;

/// <summary>Whom an actor waits for. Kept in its turns, looked at by others when something has taken too long.</summary>
internal abstract partial class ActorCell
{
    /// <summary>Whether a message waits for its handler's end. As seen in passing.</summary>
    internal bool IsHandlerSuspended => (_holds & Holds.Handler) != 0;

    /// <summary>The type of the message whose handler is suspended.</summary>
    internal abstract Type MessageType { get; }

    /// <summary>A new ask of this actor. Returns the link to the one before.</summary>
    internal AskLink PushAsk(AskLink ask)
    {
        OptionalState optional = Optional;
        AskLink older = optional.LatestAsk;
        while (older.Current is { IsUnanswered: false } answered)
            older = answered.Older;
        optional.LatestAsk = ask;
        return older;
    }

    /// <summary>An ask is over. Usually it is the latest.</summary>
    internal void PopAsk(PendingAsk ask, AskLink older)
    {
        OptionalState optional = Optional;
        if (ReferenceEquals(optional.LatestAsk.Ask, ask))
            optional.LatestAsk = older;
    }

    internal void BeginWaitForRoom(ActorCell receiver) => Optional.AwaitsRoomOf = receiver;

    internal void EndWaitForRoom(ActorCell receiver)
    {
        if (ReferenceEquals(Optional.AwaitsRoomOf, receiver))
            Optional.AwaitsRoomOf = null;
    }

    /// <summary>Whom the unanswered asks of this actor went to, the latest first.</summary>
    internal IEnumerable<ActorCell> Asks()
    {
        for (PendingAsk? ask = OptionalIfAny?.LatestAsk.Current; ask is not null; ask = ask.Older.Current)
        {
            if (ReferenceEquals(ask.Asker, this) && ask.IsUnanswered && ask.Asked is { } asked)
                yield return asked;
        }
    }

    internal ActorCell? AwaitsRoomOf => OptionalIfAny?.AwaitsRoomOf;

    internal IEnumerable<ActorCell> WaitsFor() => AwaitsRoomOf is { } receiver ? Asks().Append(receiver) : Asks();
}
