using System.Globalization;
using System.Text;

namespace Troupe.Verification.Explorer;

/// <summary>A schedule as a Mermaid sequence diagram: threads and locations stand side by side, and each step is an arrow between them.</summary>
internal static class SequenceDiagram
{
    private const int LongestDiagram = 200;

    public static string Of(ExplorationFailure failure)
    {
        var text = new StringBuilder("sequenceDiagram\n");
        var participants = new Dictionary<string, string>(StringComparer.Ordinal);
        void Declare(string name, string kind)
        {
            if (participants.ContainsKey(name)) return;
            participants[name] = string.Create(CultureInfo.InvariantCulture, $"P{participants.Count}");
            text.Append(CultureInfo.InvariantCulture, $"    {kind} {participants[name]} as {Clean(name)}\n");
        }

        var steps = failure.Steps.TakeLast(LongestDiagram).ToList();
        foreach (var thread in steps.Select(step => step.Thread).Distinct()) Declare(thread, "actor");
        foreach (var location in steps.Select(step => step.Location).Where(location => location.Length > 0).Distinct()) Declare(location, "participant");
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            var thread = participants[step.Thread];
            var where = step.Where.Length == 0 ? "" : $" [{step.Where}]";
            if (step.Location.Length == 0) text.Append(CultureInfo.InvariantCulture, $"    Note over {thread}: {Clean(step.What + " " + step.Values)}\n");
            else if (step.What == "load") text.Append(CultureInfo.InvariantCulture, $"    {participants[step.Location]}-->>{thread}: {Clean($"{step.Values}{where}")}\n");
            else text.Append(CultureInfo.InvariantCulture, $"    {thread}->>{participants[step.Location]}: {Clean($"{step.What} {step.Values}{where}")}\n");
            if (failure.Deciding is { } deciding && (step == deciding.First || step == deciding.Second))
                text.Append(CultureInfo.InvariantCulture, $"    Note over {thread}: decides ({(step == deciding.First ? "first" : "second")})\n");
        }

        if (steps.Count > 0) text.Append(CultureInfo.InvariantCulture, $"    Note over {participants[steps[^1].Thread]}: {Clean($"{failure.Kind}: {failure.Message}")}\n");
        return text.ToString();
    }

    /// <summary>Without what ends a statement of Mermaid.</summary>
    private static string Clean(string text) => text.ReplaceLineEndings(" ").Replace(';', ',').Replace('#', ' ').Replace(":=", "=", StringComparison.Ordinal).Trim();
}
