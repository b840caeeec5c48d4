using System.Globalization;

namespace Troupe.Actors;

/// <summary>Events read from a tracer, in order: nothing is received before it was sent.</summary>
public sealed partial class ActorTrace
{
    internal ActorTrace(IReadOnlyList<TraceEvent> events, long overwritten)
    {
        Events = events;
        Overwritten = overwritten;
    }

    /// <summary>The events.</summary>
    public IReadOnlyList<TraceEvent> Events { get; }

    /// <summary>Earlier events that the rings do not hold any more.</summary>
    public long Overwritten { get; }

    /// <summary>The part that belongs to one chain of causes, in which scheduling (turns, steals, detachments) does not occur.</summary>
    /// <param name="flow">The number of the message it began with.</param>
    public ActorTrace OfFlow(long flow) => new([.. Events.Where(traced => traced.Flow == flow)], Overwritten);

    /// <summary>
    /// What led to an event: the sending of its own message, then that of the message which was handled then, and so on back to the first, as far as
    /// the trace goes.
    /// </summary>
    public IReadOnlyList<TraceEvent> CausesOf(TraceEvent traced)
    {
        // A message that was sent before tracing began has its reception in place of its sending.
        var begins = new Dictionary<long, TraceEvent>();
        foreach (TraceEvent candidate in Events)
        {
            if (candidate.Message != 0)
                begins.TryAdd(candidate.Message, candidate);
        }

        var causes = new List<TraceEvent>();
        long message = Sends(traced.Kind) || traced.Message == 0 ? traced.Cause : traced.Message;
        while (message != 0 && begins.TryGetValue(message, out TraceEvent cause))
        {
            causes.Add(cause);
            message = cause.Cause;
        }

        return causes;
    }

    /// <summary>One line an event.</summary>
    public override string ToString() => string.Concat(Events.Select(static traced => string.Create(
        CultureInfo.InvariantCulture,
        $"{traced.Time.TotalMilliseconds,12:F4} ms  {(traced.Worker < 0 ? "-" : traced.Worker.ToString(CultureInfo.InvariantCulture)),2}  {traced.Kind,-10} {traced.Actor ?? "outside"}{(traced.Peer is null ? "" : " > " + traced.Peer)}  {traced.Subject?.Name}  message {traced.Message:x} cause {traced.Cause:x} flow {traced.Flow:x}\n")));

    private static bool Sends(TraceKind kind) => TraceOrder.Sends(kind);
}
