namespace Troupe.Actors;

/// <summary>Whom an actor waits for. Kept in its turns, looked at by others when something has taken too long.</summary>
internal abstract partial class ActorCell
{
    /// <summary>Whether a message waits for its handler's end. As seen in passing.</summary>
    internal bool IsHandlerSuspended => (_holds & Holds.Handler) != 0;

    /// <summary>The type of the message whose handler is suspended.</summary>
    internal abstract Type MessageType { get; }

    /// <summary>A new ask of this actor. Returns the link to the latest one that is not answered yet, if there is any.</summary>
    internal AskLink PushAsk(PendingAsk ask, long version)
    {
        ref AskLink latest = ref Optional.LatestAsk;
        AskLink older = latest;
        while (older.Current is { IsUnanswered: false } answered)
            older = answered.Older;
        latest = new AskLink(ask, version);
        return older.Current is null ? default : older;
    }

    /// <summary>An ask is over. Usually it is the latest, and the only one.</summary>
    internal void PopAsk(PendingAsk ask, in AskLink older)
    {
        ref AskLink latest = ref Optional.LatestAsk;
        if (!ReferenceEquals(latest.Ask, ask))
            return;
        // Apart, because to write null is cheaper than to write what may be a reference.
        if (older.Ask is null)
            latest = default;
        else
            latest = older;
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
            if (ReferenceEquals(ask.Asker, this) && ask.IsWaitedFor && ask.Asked is { } asked)
                yield return asked;
        }
    }

    internal ActorCell? AwaitsRoomOf => OptionalIfAny?.AwaitsRoomOf;

    /// <summary>Null: it declared none, or this is a release build. Any thread.</summary>
    internal DeclaredWaits? DeclaredWaits => OptionalIfAny?.DeclaredWaits;

    internal void Declare(DeclaredWaits waits) => Optional.DeclaredWaits = waits;

    /// <summary>This actor, which has the turn, is about to send what may have to wait for room.</summary>
    internal void CheckWaitsFor(ActorCell receiver)
    {
        if (DeclaredWaits is { } declared && !declared.Contains(receiver))
            throw new InvalidOperationException($"{Path} may have to wait for room in the mailbox of {receiver.Path}, and was spawned as waiting for {declared}. Add it to {nameof(SpawnOptions)}.{nameof(SpawnOptions.WaitsFor)}, or use TryTell.");
    }

    internal IEnumerable<ActorCell> WaitsFor() => AwaitsRoomOf is { } receiver ? Asks().Append(receiver) : Asks();
}
