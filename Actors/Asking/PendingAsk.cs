namespace Troupe.Actors;

/// <summary>
/// Who asks whom, as far as it is needed to name a cycle. An actor's asks form a list from the latest to the oldest: kept by the actor in its turns
/// with plain stores, and read by whoever has come to a deadline, who therefore may miss one, but names none that was never asked.
/// </summary>
internal abstract class PendingAsk
{
    private ActorCell? _asker;
    private AskLink _older;
    private bool _isOverdue;

    /// <summary>Which use of this object it is.</summary>
    internal long Version { get; private set; }

    /// <summary>Null: not an actor.</summary>
    internal ActorCell? Asker => _asker;

    internal ActorCell? Asked { get; private set; }

    /// <summary>The actor's ask before this one.</summary>
    internal AskLink Older => _older;

    internal bool IsUnanswered => IsAwaited(Version);

    /// <summary>
    /// Whether the asker waits for this: also for one that has come to its deadline and whose asker has not gone on yet. Otherwise, of a cycle whose deadlines fall together, only the
    /// first would be seen as one.
    /// </summary>
    internal bool IsWaitedFor => _isOverdue || IsUnanswered;

    internal abstract bool IsAwaited(long version);

    private protected void BeginAsk(ActorCell asked, long version)
    {
        // Before this object has its new version: its last use may be the latest ask of the same actor, and leads to the older ones.
        AskLink older = default;
        if (SynchronizationContext.Current is ActorCell asker)
        {
            older = asker.PushAsk(this, version);
            _asker = asker;
        }

        // Asks one after another have none before them, and then neither side is written again.
        if (older.Ask is not null || _older.Ask is not null)
            _older = older;
        Asked = asked;
        Version = version;
        _isOverdue = false;
    }

    /// <summary>The answer was fetched.</summary>
    private protected void EndAsk()
    {
        _asker?.PopAsk(this, in _older);
        _asker = null;
        Asked = null;
    }

    /// <summary>The deadline has come, and no answer before it.</summary>
    private protected void SetOverdue() => _isOverdue = true;

    /// <summary>The paths from the asker to the asked and on to whoever waits for the asker, if there is such a cycle; empty otherwise.</summary>
    private protected IReadOnlyList<string> FindCycle() => _asker is { } asker && Asked is { } asked ? WaitCycle.Find(asker, asked) : [];
}
