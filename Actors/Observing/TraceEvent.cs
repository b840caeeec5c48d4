namespace Troupe.Actors;

/// <summary>Something that happened in a traced system.</summary>
public readonly record struct TraceEvent
{
    /// <summary>When, since tracing began, by the system's clock.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>What happened.</summary>
    public TraceKind Kind { get; init; }

    /// <summary>The processor whose worker it happened on; -1: on another thread.</summary>
    public int Worker { get; init; }

    /// <summary>The path of the actor that did it, or that it happened to; null: none, somebody outside did.</summary>
    public string? Actor { get; init; }

    /// <summary>The path of the other actor: who is sent to, answered or spawned; null: none, or it is outside.</summary>
    public string? Peer { get; init; }

    /// <summary>The type of the message, system messages included, or of the exception.</summary>
    public Type? Subject { get; init; }

    /// <summary>
    /// The number of the message the event is about: a message is received with the number it was sent with. Zero: it is about none. A spawn, a timer and
    /// a reply have one too.
    /// </summary>
    public long Message { get; init; }

    /// <summary>The number of the message that was being handled when it happened, and so led to it; zero: none.</summary>
    public long Cause { get; init; }

    /// <summary>The number of the message with which the chain of causes began.</summary>
    public long Flow { get; init; }
}
