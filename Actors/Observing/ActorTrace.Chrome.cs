using System.Text.Json;

namespace Troupe.Actors;

/// <summary>A trace in the Trace Event Format (a JSON object with <c>traceEvents</c>), which chrome://tracing and ui.perfetto.dev show.</summary>
public sealed partial class ActorTrace
{
    private const int Process = 1;

    /// <summary>
    /// Writes the trace for a timeline viewer: a track a worker, a slice for each message handled (to the end of the turn, or to the next message in it), arrows
    /// from where a message was sent to where it was handled, and marks for the rest.
    /// </summary>
    public void WriteChromeJson(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteStartArray("traceEvents");
        foreach (int worker in Events.Select(static traced => traced.Worker).Distinct().Order())
        {
            json.WriteStartObject();
            WriteHead(json, "M", "thread_name", worker);
            json.WriteStartObject("args");
            json.WriteString("name", worker < 0 ? "other threads" : $"worker {worker}");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        HashSet<long> sent = [.. Events.Where(static traced => Sends(traced.Kind)).Select(static traced => traced.Message)];
        // A worker has one slice open at most; what comes next on it closes it.
        var open = new Dictionary<int, TraceEvent>();
        foreach (TraceEvent traced in Events)
        {
            if (traced.Worker >= 0 && IsBoundary(traced.Kind) && open.Remove(traced.Worker, out TraceEvent begun))
                WriteSlice(json, begun, traced.Time);
            if (traced.Worker >= 0 && traced.Kind is TraceKind.Receive or TraceKind.Resume or TraceKind.Start)
                open[traced.Worker] = traced;
            else if (traced.Kind is not (TraceKind.TurnEnd or TraceKind.Suspend))
                WriteMark(json, traced);
            if (Sends(traced.Kind))
                WriteArrow(json, traced, "s");
            else if (traced.Kind == TraceKind.Receive && sent.Contains(traced.Message))
                WriteArrow(json, traced, "f");
        }

        foreach (TraceEvent begun in open.Values)
            WriteSlice(json, begun, Events[^1].Time);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool IsBoundary(TraceKind kind) => kind is TraceKind.Receive or TraceKind.Resume or TraceKind.Start or TraceKind.Suspend or TraceKind.TurnEnd;

    private static void WriteSlice(Utf8JsonWriter json, TraceEvent begun, TimeSpan end)
    {
        json.WriteStartObject();
        WriteHead(json, "X", $"{begun.Actor}: {begun.Subject?.Name ?? begun.Kind.ToString()}", begun.Worker);
        json.WriteNumber("ts", begun.Time.TotalMicroseconds);
        json.WriteNumber("dur", (end - begun.Time).TotalMicroseconds);
        WriteArguments(json, begun);
        json.WriteEndObject();
    }

    private static void WriteMark(Utf8JsonWriter json, TraceEvent traced)
    {
        json.WriteStartObject();
        WriteHead(json, "i", traced.Peer is null ? $"{traced.Kind} {traced.Actor}" : $"{traced.Kind} {traced.Peer}", traced.Worker);
        json.WriteNumber("ts", traced.Time.TotalMicroseconds);
        json.WriteString("s", "t");
        WriteArguments(json, traced);
        json.WriteEndObject();
    }

    private static void WriteArrow(Utf8JsonWriter json, TraceEvent traced, string phase)
    {
        json.WriteStartObject();
        WriteHead(json, phase, "message", traced.Worker);
        json.WriteString("cat", "message");
        json.WriteString("id", traced.Message.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteNumber("ts", traced.Time.TotalMicroseconds);
        if (phase == "f")
            json.WriteString("bp", "e");
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, string phase, string name, int worker)
    {
        json.WriteString("ph", phase);
        json.WriteString("name", name);
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", worker + 1);
    }

    private static void WriteArguments(Utf8JsonWriter json, TraceEvent traced)
    {
        json.WriteStartObject("args");
        json.WriteString("actor", traced.Actor ?? Outside);
        json.WriteString("flow", traced.Flow.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("message", traced.Message.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("cause", traced.Cause.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }
}
