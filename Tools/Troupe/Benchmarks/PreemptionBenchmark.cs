using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>
/// How long probes wait beside actors that spin: hosted, in a guest of two processors, and in Erlang beside it. Apps/SelfTest/Probes.cs says what a run is;
/// docs/benchmarks.md says how and why.
/// </summary>
public sealed class PreemptionBenchmark(Repository repository)
{
    private const string Hosted = "hosted", Guest = "guest", Erlang = "Erlang";
    private const string Idle = "idle", Spinning = "spinning", Unpreempted = "unpreempted";
    private const string Section = "./troupe bench preempt";

    /// <summary>Milliseconds.</summary>
    private const double Bar = 5;

    private const double ErlangFactor = 2, IdleFactor = 3, ShareTolerance = 0.2;

    /// <summary>What spins beside the probes, in the order of the runs.</summary>
    private static readonly string[] _preempted = [Idle, Spinning, "fresh", "piling"];

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(15);

    private readonly Dictionary<(string World, string Run), ProbeRun> _results = [];

    /// <summary>Runs, prints the tables, and writes them into docs/benchmarks.md.</summary>
    /// <param name="probes">How many probes a run has.</param>
    /// <param name="seed">What pauses and targets are drawn from.</param>
    /// <param name="writes">Whether the page is written.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(int probes, int seed, bool writes, CancellationToken cancellation)
    {
        var app = repository.FindApp("SelfTest");
        var program = await new HostedBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false);
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        var record = await BenchmarkRecord.CreateAsync(repository, "preempt", cancellation).ConfigureAwait(false);
        var arguments = new[] { probes, seed }.Select(number => number.ToString(CultureInfo.InvariantCulture)).ToArray();
        void Hear(string world, string line)
        {
            if (ProbeRun.Parse(line) is { } run)
            {
                Output.Say($"{world}, {run.Name}: {run.Answered} of {run.Sent} answered, p99 {ProbeRun.Time(run.P99)}");
                _results[(world, run.Name)] = run;
                record.Add(new { world, line });
            }
        }

        await MeasureHostedAsync(Hosted, "dotnet", [program, "probes", .. arguments, .. _preempted, Unpreempted], Hear, cancellation).ConfigureAwait(false);
        await MeasureErlangAsync(arguments, Hear, cancellation).ConfigureAwait(false);
        await MeasureGuestAsync(image, arguments, Hear, cancellation).ConfigureAwait(false);

        string[] headings = ["world", "what spins", "answered", "p50", "p99", "worst", "shares", "threads detached"], verdictHeadings = ["what", "measured", "bar", ""];
        List<IReadOnlyList<string>> rows = [.. Rows()], verdicts = [.. Verdicts()];
        Console.WriteLine($"{probes} probes a run, seed {seed}");
        Output.Table(headings, rows);
        Console.WriteLine();
        Output.Table(verdictHeadings, verdicts);
        record.Close();
        if (writes)
        {
            string[] page =
            [
                $"{probes} probes a run, seed {seed} ({record.Conditions}):", string.Empty, .. MarkedSection.Table(headings, rows), string.Empty,
                .. MarkedSection.Table(verdictHeadings, verdicts.Select(row => (IReadOnlyList<string>)[.. row.Take(3), row[3] == "MISS" ? "**missed**" : "met"])),
            ];
            await MarkedSection.ReplaceAsync(Path.Combine(repository.Root, "docs", "benchmarks.md"), Section, page, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task MeasureHostedAsync(
        string world, string program, IEnumerable<string> arguments, Action<string, string> hear, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(program, arguments, cancellation, onLine: line => hear(world, line)).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new UserError($"the probes {world} failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }
    }

    private async Task MeasureErlangAsync(string[] arguments, Action<string, string> hear, CancellationToken cancellation)
    {
        if (HostProcess.Find("escript") is not { } escript)
        {
            Output.Say("Erlang is not installed, so its column is empty and its bar does not count: apt-get install erlang-base");
            return;
        }

        var peer = Path.Combine(repository.Root, "Tools", "Troupe", "Benchmarks", "Peer", "probes.escript");
        await MeasureHostedAsync(Erlang, escript, [peer, .. arguments, .. _preempted.Skip(1)], hear, cancellation).ConfigureAwait(false);
    }

    private static async Task MeasureGuestAsync(Image image, string[] arguments, Action<string, string> hear, CancellationToken cancellation)
    {
        var options = new GuestOptions { Image = image.Elf, Processors = 2, CommandLine = string.Join(' ', (string[])["probes", .. arguments, .. _preempted, Unpreempted]) };
        using var guest = GuestProcess.Start(options, line => hear(Guest, line));
        await using var ending = cancellation.Register(guest.Kill);
        var exit = await guest.Exit.WaitAsync(_longest, cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (exit.Code != 0)
        {
            throw new UserError($"the probes in the guest failed: {exit.Reason ?? $"exit code {exit.Code}"}", exitCode: ExitCodes.Failure);
        }
    }

    private IEnumerable<IReadOnlyList<string>> Rows() =>
        from world in new[] { Hosted, Erlang, Guest }
        from run in _preempted.Append(Unpreempted)
        let result = _results.GetValueOrDefault((world, run))
        where result is not null
        select (IReadOnlyList<string>)
        [
            world, run, $"{result.Answered} of {result.Sent}", ProbeRun.Time(result.Median), ProbeRun.Time(result.P99), ProbeRun.Time(result.Worst),
            run is Spinning or "fresh" ? Shares(result) : "-", world == Erlang ? "-" : $"{result.MostDetached}",
        ];

    private IEnumerable<IReadOnlyList<string>> Verdicts()
    {
        foreach (var run in _preempted.Skip(1))
        {
            var erlang = _results.GetValueOrDefault((Erlang, run))?.P99 ?? 0;
            yield return Verdict($"hosted, {run}: p99", _results[(Hosted, run)].P99, Math.Max(Bar, ErlangFactor * erlang), $"twice Erlang's {ProbeRun.Time(erlang)}");
        }

        var idle = _results[(Guest, Idle)].P99;
        foreach (var run in _preempted.Skip(1))
        {
            yield return Verdict($"guest, {run}: p99", _results[(Guest, run)].P99, Math.Max(Bar, IdleFactor * idle), $"three times the idle guest's {ProbeRun.Time(idle)}");
        }

        foreach (var world in (string[])[Hosted, Guest])
        {
            var result = _results[(world, Spinning)];
            var met = result.LeastShare >= 1 - ShareTolerance && result.MostShare <= 1 + ShareTolerance;
            yield return [$"{world}, {Spinning}: shares", Shares(result), "within 20 % of equal", met ? "PASS" : "MISS"];
        }

        foreach (var world in (string[])[Hosted, Guest])
        {
            var result = _results[(world, Unpreempted)];
            yield return [$"{world}, preemption off: answered", $"{result.Answered} of {result.Sent}", "none: it starves", result.Answered == 0 ? "PASS" : "MISS"];
        }
    }

    private static IReadOnlyList<string> Verdict(string what, double measured, double bar, string why) =>
        [what, ProbeRun.Time(measured), $"<= {ProbeRun.Time(bar)}{(bar > Bar ? $", {why}" : string.Empty)}", measured <= bar ? "PASS" : "MISS"];

    private static string Shares(ProbeRun result) => string.Create(CultureInfo.InvariantCulture, $"{result.LeastShare:0.00} to {result.MostShare:0.00}");
}
