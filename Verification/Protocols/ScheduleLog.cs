using System.Security.Cryptography;
using System.Text;

namespace Troupe.Verification.Protocols;

/// <summary>
/// What `troupe verify replay --check` compares (Tools/Troupe/Verification/ReplayCheck): TROUPE_REPLAY_RECORD names a folder to which each test adds schedules with a hash of what was done in
/// them, in a file *.recorded; TROUPE_REPLAY_CHECK the same folder, whose schedules each test runs again, for *.replayed. A line is a schedule and its hash.
/// </summary>
internal static class ScheduleLog
{
    private static readonly object _file = new();

    /// <summary>Where to record, or null.</summary>
    public static string? RecordFolder => Of("TROUPE_REPLAY_RECORD");

    /// <summary>Whose schedules to run again, or null.</summary>
    public static string? CheckFolder => Of("TROUPE_REPLAY_CHECK");

    /// <summary>Whether tests are run for it, and search nothing themselves.</summary>
    public static bool IsAtWork => (RecordFolder ?? CheckFolder) is not null;

    /// <summary>A hash of steps in their order.</summary>
    public static string Hash(IEnumerable<string> steps) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', steps))));

    /// <summary>The schedules of a tool that were chosen to be run again.</summary>
    public static IEnumerable<string> Recorded(string folder, string tool) =>
        File.Exists(Path.Combine(folder, tool + ".recorded")) ? File.ReadLines(Path.Combine(folder, tool + ".recorded")).Select(static line => line.Split('\t')[0]) : [];

    /// <summary>Adds one; with the steps in a file of their own, so that two that differ can be compared.</summary>
    public static void Add(string folder, string tool, string kind, string schedule, IReadOnlyList<string> steps)
    {
        Directory.CreateDirectory(Path.Combine(folder, "steps"));
        lock (_file)
        {
            File.AppendAllText(Path.Combine(folder, $"{tool}.{kind}"), $"{schedule}\t{Hash(steps)}\n");
            File.WriteAllLines(Path.Combine(folder, "steps", $"{Hash([schedule])[..16]}.{kind}"), [schedule, .. steps]);
        }
    }

    private static string? Of(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder ? folder : null;
}
