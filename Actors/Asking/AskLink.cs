namespace Troupe.Actors;

/// <summary>One of an actor's asks, and through it the one before. Pending replies are used again: a link that names an earlier use is void.</summary>
internal readonly struct AskLink(PendingAsk ask, long version)
{
    private readonly long _version = version;

    internal PendingAsk? Ask { get; } = ask;

    /// <summary>Null: the link is void, and with it those behind it.</summary>
    internal PendingAsk? Current => Ask is { } ask && ask.Version == _version ? ask : null;
}
