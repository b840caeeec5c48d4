using System.Text.Json;

namespace Troupe.Verification.Protocols;

/// <summary>
/// What one search did: a line of JSON in a file of the folder that TROUPE_VERIFY_RECORDS names, from which `troupe verify` makes its report
/// (Tools/Troupe/Verification/SearchRecord reads it).
/// </summary>
/// <param name="Tool">Coyote or explorer.</param>
/// <param name="Test">Its name, with the arguments of a case.</param>
/// <param name="Mode">Strategy or memory model.</param>
internal sealed record SearchRecord(string Tool, string Test, string Mode)
{
    private static readonly object _file = new();

    /// <summary>The folder for records, or null: nobody wants any.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("TROUPE_VERIFY_RECORDS") is { Length: > 0 } folder ? folder : null;

    /// <summary>Whether fresh seeds are wanted over and over: planted bugs are for the quick run then, which has their seeds.</summary>
    public static bool IsDeep => Environment.GetEnvironmentVariable("TROUPE_VERIFY_DEEP") == "1";

    public long Seed { get; init; }

    public long Schedules { get; init; }

    public double Seconds { get; init; }

    /// <summary>Whether every schedule was covered.</summary>
    public bool IsExhausted { get; init; }

    /// <summary>Whether the test is broken on purpose.</summary>
    public bool IsPlanted { get; init; }

    /// <summary>What was found, in words; null: nothing.</summary>
    public string? Finding { get; init; }

    /// <summary>What `troupe verify replay` takes.</summary>
    public string? Replay { get; init; }

    /// <summary>The failing schedule as a Mermaid diagram.</summary>
    public string? Diagram { get; init; }

    /// <summary>The two steps that decide.</summary>
    public string[]? Deciding { get; init; }

    public void Write()
    {
        if (Folder is not { } folder) return;
        Directory.CreateDirectory(folder);
        lock (_file)
        {
            File.AppendAllText(Path.Combine(folder, $"{Environment.ProcessId}.searches"), JsonSerializer.Serialize(this) + "\n");
        }
    }
}
