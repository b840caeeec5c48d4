namespace Troupe.Actors;

/// <summary>
/// Who asks whom, as far as it is needed to name a cycle. An actor's asks form a list from the latest to the oldest: kept by the actor in its turns
/// with plain stores, and read by whoever has come to a deadline, who therefore may miss one, but names none that was never asked.
/// </summary>
internal abstract class PendingAsk
{
    private ActorCell? _asker;
    private AskLink _older;

    /// <summary>Which use of this object it is.</summary>
    internal long Version { get; private set; }

    /// <summary>Null: not an actor.</summary>
    internal ActorCell? Asker => _asker;

    internal ActorCell? Asked { get; private set; }

    /// <summary>The actor's ask before this one.</summary>
    internal AskLink Older => _older;

    internal bool IsUnanswered => IsAwaited(Version);

    internal abstract bool IsAwaited(long version);

    private protected void BeginAsk(ActorCell asked, long version)
    {
        Asked = asked;
        Version = version;
        if (SynchronizationContext.Current is not ActorCell asker)
            return;
        _asker = asker;
        _older = asker.PushAsk(new AskLink(this, version));
    }

    /// <summary>The answer was fetched.</summary>
    private protected void EndAsk()
    {
        _asker?.PopAsk(this, _older);
        _asker = null;
        _older = default;
        Asked = null;
    }

    /// <summary>The paths from the asker to the asked and on to whoever waits for the asker, if there is such a cycle; empty otherwise.</summary>
    private protected IReadOnlyList<string> FindCycle() => _asker is { } asker && Asked is { } asked ? WaitCycle.Find(asker, asked) : [];
}
