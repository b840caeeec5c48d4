namespace Troupe.Actors;

/// <summary>An event as it lies in a <see cref="TraceRing{TSubject, TMemory}"/>: eight words, one cache line.</summary>
public struct TraceRecord<TSubject> where TSubject : class
{
    /// <summary>The system's clock, in its own ticks.</summary>
    public long Time { get; set; }

    /// <summary>The kind in the low byte, the worker plus one above it.</summary>
    public long KindAndWorker { get; set; }

    /// <summary>Who did it, or whom it happened to.</summary>
    public TSubject? Actor { get; set; }

    /// <summary>The other one.</summary>
    public TSubject? Peer { get; set; }

    /// <summary>The type of the message, or of what failed.</summary>
    public Type? Subject { get; set; }

    /// <summary>The number of the message; zero: the event has none.</summary>
    public long Message { get; set; }

    /// <summary>The number of the message that was being handled.</summary>
    public long Cause { get; set; }

    /// <summary>The number of the message with which the chain of causes began.</summary>
    public long Flow { get; set; }
}
