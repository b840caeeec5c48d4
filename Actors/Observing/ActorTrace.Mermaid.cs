using System.Globalization;
using System.Text;

namespace Troupe.Actors;

/// <summary>A trace as a sequence diagram.</summary>
public sealed partial class ActorTrace
{
    private const string Outside = "outside";

    /// <summary>
    /// The trace as a Mermaid sequence diagram: who sends what to whom, spawns, answers, and what happens to actors. Turns, steals and receptions are left
    /// out. For what a page can show: of a long trace take one flow (<see cref="OfFlow"/>).
    /// </summary>
    public string ToMermaid()
    {
        var participants = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = new StringBuilder();
        foreach (TraceEvent traced in Events)
        {
            string? line = traced.Kind switch
            {
                TraceKind.Spawn => Arrow(traced, "->>", "spawn"),
                TraceKind.Send or TraceKind.Signal => Arrow(traced, "->>", Subject(traced)),
                TraceKind.Ask => Arrow(traced, "->>", Subject(traced) + "?"),
                TraceKind.Reply => Arrow(traced, "-->>", Subject(traced)),
                TraceKind.Timer => $"Note over {Of(traced.Peer)}: timer",
                TraceKind.Wait => $"Note over {Of(traced.Actor)}: waits for room in {Label(traced.Peer)}",
                TraceKind.Refuse => Arrow(traced, "-x", Subject(traced) + " refused"),
                TraceKind.DeadLetter => Arrow(traced, "-x", Subject(traced) + " dead letter"),
                TraceKind.Start or TraceKind.Stop or TraceKind.Restart or TraceKind.Detach => $"Note over {Of(traced.Actor)}: {Word(traced.Kind)}",
                TraceKind.Swap => $"Note over {Of(traced.Actor)}: swapped to {Subject(traced)}",
                TraceKind.Failure => $"Note over {Of(traced.Actor)}: fails, {Subject(traced)}",
                _ => null,
            };
            if (line is not null)
                lines.Append("    ").Append(line).Append('\n');
        }

        var diagram = new StringBuilder("sequenceDiagram\n");
        foreach ((string name, string alias) in participants)
            diagram.Append(CultureInfo.InvariantCulture, $"    participant {alias} as {Label(name)}\n");
        return diagram.Append(lines).ToString();

        string Of(string? path)
        {
            string name = path ?? Outside;
            if (!participants.TryGetValue(name, out string? alias))
                participants.Add(name, alias = string.Create(CultureInfo.InvariantCulture, $"a{participants.Count}"));
            return alias;
        }

        string Arrow(TraceEvent traced, string arrow, string label) => $"{Of(traced.Actor)}{arrow}{Of(traced.Peer)}: {label}";
    }

    private static string Subject(TraceEvent traced) => Label(traced.Subject is { } type ? type.Name.Split('`')[0] : "message");

    private static string Word(TraceKind kind) => kind switch
    {
        TraceKind.Start => "starts",
        TraceKind.Stop => "stops",
        TraceKind.Restart => "restarts",
        _ => "detached",
    };

    /// <summary>Without what ends a Mermaid statement.</summary>
    private static string Label(string? name) => (name ?? Outside).Replace(";", "#59;", StringComparison.Ordinal).Replace('\n', ' ');
}
