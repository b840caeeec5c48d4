using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>Runs the test projects under Verification, shows how far they are, and makes the report.</summary>
internal sealed class VerificationStage(Repository repository, TestRun run, CancellationToken cancellation)
{
    private static readonly TimeSpan _betweenLines = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<TestProject> _projects = [];

    /// <summary>Where the report is.</summary>
    public string Folder { get; } = Path.Combine(repository.Artifacts, "verify");

    private string Records => Path.Combine(Folder, "records");

    /// <summary>Forgets the records of earlier runs.</summary>
    public void Begin()
    {
        if (Directory.Exists(Records))
        {
            Directory.Delete(Records, recursive: true);
        }

        Directory.CreateDirectory(Records);
    }

    /// <summary>Runs a project, and says now and then how far it is.</summary>
    public async Task RunAsync(TestProject project, IReadOnlyDictionary<string, string>? environment = null)
    {
        if (!_projects.Contains(project))
        {
            _projects.Add(project);
        }

        Dictionary<string, string> all = new(environment ?? new Dictionary<string, string>()) { ["TROUPE_VERIFY_RECORDS"] = Records };
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var progress = ShowProgressAsync(over.Token);
        try
        {
            await run.RunAsync(project, all).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await progress.ConfigureAwait(false);
        }
    }

    /// <summary>Runs projects, checks the coverage if all tests ran, and makes the report.</summary>
    public async Task<VerificationReport> RunAllAsync(IEnumerable<TestProject> projects, string title, bool isWhole)
    {
        Begin();
        foreach (var project in projects)
        {
            await RunAsync(project).ConfigureAwait(false);
        }

        if (isWhole)
        {
            await CheckCoverageAsync().ConfigureAwait(false);
        }

        return Report(title, isWhole);
    }

    /// <summary>Which atomic operations were reached; every one must be, or be listed.</summary>
    public Task<bool> CheckCoverageAsync() => run.StepAsync("atomic operations", () =>
    {
        ReadCoverage().MustBeComplete();
        return Task.CompletedTask;
    });

    /// <summary>Writes the report and says where it is.</summary>
    /// <param name="title">The command.</param>
    /// <param name="isWhole">Whether all tests ran, so that coverage means something.</param>
    public VerificationReport Report(string title, bool isWhole)
    {
        var names = _projects.Select(project => project.Name).ToHashSet(StringComparer.Ordinal);
        var tests = run.Suites.Where(suite => names.Contains(suite.Suite)).SelectMany(suite => suite.Outcomes).ToList();
        VerificationReport report = new(title, SearchRecord.ReadAll(Records), tests, isWhole ? ReadCoverage() : null, _clock.Elapsed);
        report.Write(Folder);
        Output.Say(report.Summary);
        if (report.Coverage is { } coverage)
        {
            Output.Say(coverage.ToString());
        }

        foreach (var finding in report.Findings)
        {
            Output.Say($"found: {finding.Test}: ./troupe verify replay '{finding.Replay}'");
        }

        Output.Say($"the report: {Path.Combine(Folder, "report.html")} (.txt, .json)");
        return report;
    }

    private AtomicCoverage ReadCoverage() => AtomicCoverage.Read(repository.Root, Records, _projects.Select(project => project.Assembly(repository)));

    private async Task ShowProgressAsync(CancellationToken over)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_betweenLines, over).ConfigureAwait(false);
                var searches = SearchRecord.ReadAll(Records);
                if (searches.Count > 0)
                {
                    Output.Say(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{_clock.Elapsed.TotalSeconds,5:0} s: {searches.Count} searches, {searches.Sum(search => search.Schedules):N0} schedules, {searches.Count(search => search is { IsPlanted: false, Finding: not null })} findings; last {searches[^1].Test}"));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The project is through.
        }
    }
}
