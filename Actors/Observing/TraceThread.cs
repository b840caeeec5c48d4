namespace Troupe.Actors;

/// <summary>What tracing knows of one thread: the message it handles, and the stamps on their way into and out of a mailbox. That thread only.</summary>
internal sealed class TraceThread
{
    [ThreadStatic]
    private static TraceThread? _current;

    private ActorTracer? _tracer;
    private TracerRing? _ring;

    internal static TraceThread Current => _current ??= new TraceThread();

    /// <summary>The message being handled.</summary>
    internal TraceStamp Handled { get; set; }

    /// <summary>That of the message which the mailbox takes next.</summary>
    internal TraceStamp Sending { get; set; }

    /// <summary>That of the message which came out of the mailbox last.</summary>
    internal TraceStamp Received { get; set; }

    /// <summary>The ring that this thread writes alone.</summary>
    internal TracerRing RingOf(ActorTracer tracer, WorkerThread worker)
    {
        if (_ring is { } ring && ReferenceEquals(_tracer, tracer))
            return ring;
        _tracer = tracer;
        return _ring = tracer.RentRing(worker);
    }
}
