using System.Globalization;
using System.Text.Json;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>The raw numbers of one benchmark, under artifacts/bench, with what else one must know to judge them.</summary>
public sealed class BenchmarkRecord
{
    private static readonly JsonSerializerOptions _format = new() { WriteIndented = true };

    private readonly string _file;
    private readonly Dictionary<string, object> _facts;
    private readonly List<object> _runs = [];

    private BenchmarkRecord(string file, Dictionary<string, object> facts)
    {
        _file = file;
        _facts = facts;
    }

    /// <summary>The machine and its mood, in a line.</summary>
    public string Conditions => $"{_facts["date"]}, commit {_facts["commit"]}, {_facts["processors"]} x {_facts["model"]}, {_facts["qemu"]}, load {_facts["load"]}";

    /// <summary>The load averages of this host, now: proc(5).</summary>
    public static string Load => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3));

    /// <summary>Begins a record; with <paramref name="guests"/> it says which QEMU ran them.</summary>
    public static async Task<BenchmarkRecord> CreateAsync(Repository repository, string name, CancellationToken cancellation, bool guests = true)
    {
        var now = DateTime.UtcNow;
        var directory = Path.Combine(repository.Artifacts, "bench");
        Directory.CreateDirectory(directory);
        var commit = await HostProcess.CaptureAsync("git", ["describe", "--always", "--dirty"], cancellation, repository.Root).ConfigureAwait(false);
        var qemu = guests ? await HostProcess.CaptureAsync(QemuCommandLine.Program, ["--version"], cancellation).ConfigureAwait(false) : null;
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        return new BenchmarkRecord(
            Path.Combine(directory, $"{name}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}.json"),
            new Dictionary<string, object>
            {
                ["benchmark"] = name,
                ["date"] = now.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
                ["commit"] = commit.ExitCode == 0 ? commit.Output.Trim() : "unknown",
                ["processors"] = Environment.ProcessorCount,
                ["model"] = model ?? "unknown",
                ["qemu"] = qemu is null ? "hosted" : qemu.Output.Split('\n')[0],
                ["load"] = Load,
            });
    }

    /// <summary>Adds a run and writes the file anew: what was measured survives an interruption.</summary>
    public void Add(object run)
    {
        _runs.Add(run);
        File.WriteAllText(_file, JsonSerializer.Serialize(new Dictionary<string, object>(_facts) { ["runs"] = _runs }, _format));
    }

    /// <summary>Says how the conditions were and where the numbers are.</summary>
    public void Close()
    {
        Console.WriteLine($"{Conditions}; load at the end {Load}");
        Console.WriteLine($"raw numbers: {_file}");
    }
}
