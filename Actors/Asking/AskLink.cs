namespace Troupe.Actors;

/// <summary>One of an actor's asks, and through it the one before. Pending replies are used again: a link that names an earlier use is void.</summary>
internal readonly record struct AskLink(PendingAsk? Ask, long Version)
{
    /// <summary>Null: the link is void, and with it those behind it.</summary>
    internal PendingAsk? Current => Ask is { } ask && ask.Version == Version ? ask : null;
}
