using System.Text.Json;

namespace Troupe.Tools.Verification;

/// <summary>What one search did, as the test projects write it down (Verification/Protocols/SearchRecord).</summary>
/// <param name="Tool">Coyote or explorer.</param>
/// <param name="Test">Its name, with the arguments of a case.</param>
/// <param name="Mode">Strategy or memory model.</param>
/// <param name="Seed">What the search was drawn from; 0 for one that draws nothing.</param>
/// <param name="Schedules">How many were explored.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="IsExhausted">Whether every schedule was covered.</param>
/// <param name="IsPlanted">Whether the test is broken on purpose.</param>
/// <param name="Finding">What was found, in words, or nothing.</param>
/// <param name="Replay">What <c>troupe verify replay</c> takes.</param>
/// <param name="Diagram">The failing schedule as a Mermaid diagram.</param>
/// <param name="Deciding">The two steps that decide.</param>
public sealed record SearchRecord(
    string Tool, string Test, string Mode, long Seed, long Schedules, double Seconds, bool IsExhausted, bool IsPlanted, string? Finding, string? Replay, string? Diagram, IReadOnlyList<string>? Deciding)
{
    /// <summary>All in a folder; a line that is being written at this moment is left for the next time.</summary>
    public static IReadOnlyList<SearchRecord> ReadAll(string folder)
    {
        List<SearchRecord> records = [];
        if (!Directory.Exists(folder))
        {
            return records;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.searches").Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadAllText(file).Split('\n')[..^1])
            {
                records.Add(JsonSerializer.Deserialize<SearchRecord>(line)!);
            }
        }

        return records;
    }
}
