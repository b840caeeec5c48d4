using System.Diagnostics;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing;

/// <summary>Runs test projects one after another, so that no test is slowed by another's load, and collects what they say.</summary>
public sealed class TestRun(Repository repository, string? filter, CancellationToken cancellation)
{
    /// <summary>Longer than any project takes; a hung test must not hold up the whole run.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(20);

    private readonly List<SuiteOutcome> _suites = [];

    /// <summary>What ran so far.</summary>
    public IReadOnlyList<SuiteOutcome> Suites => _suites;

    private string Results => Path.Combine(repository.Artifacts, "test-results");

    /// <summary>Runs what the tests stand on, such as a build: it counts only when it fails.</summary>
    /// <returns>True if it worked.</returns>
    public async Task<bool> StepAsync(string suite, Func<Task> step)
    {
        var clock = Stopwatch.StartNew();
        List<TestOutcome> failures = [];
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (UserError error)
        {
            failures.Add(new TestOutcome(suite, TestState.Failed, clock.Elapsed, error.Message));
        }

        Add(new SuiteOutcome(suite, failures, clock.Elapsed));
        return failures.Count == 0;
    }

    /// <summary>Runs the tests of a project that was built before.</summary>
    /// <param name="project">The project.</param>
    /// <param name="environment">What its tests find in their environment besides.</param>
    public async Task RunAsync(TestProject project, IReadOnlyDictionary<string, string>? environment = null)
    {
        Directory.CreateDirectory(Results);
        var file = Path.Combine(Results, Path.GetFileNameWithoutExtension(project.ProjectFile) + ".trx");
        File.Delete(file);
        string[] condition = filter is null ? [] : ["--filter", $"FullyQualifiedName~{filter}"];
        var clock = Stopwatch.StartNew();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_longest);
        HostProcessResult result;
        try
        {
            result = await HostProcess.CaptureAsync(
                "dotnet",
                ["test", project.Assembly(repository), "--logger", $"trx;LogFileName={file}", "--results-directory", Results, .. condition],
                limit.Token,
                repository.Root,
                new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["TROUPE_ROOT"] = repository.Root }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            result = new HostProcessResult(-1, $"ended after {_longest.TotalMinutes} minutes: a test hangs.");
        }

        IReadOnlyList<TestOutcome> outcomes = [];
        if (File.Exists(file))
        {
            using var reader = File.OpenText(file);
            outcomes = TrxFile.Read(reader);
        }

        // A host that crashes takes the results of its tests with it.
        if (result.ExitCode != 0 && outcomes.All(outcome => outcome.State != TestState.Failed))
        {
            var whole = new TestOutcome($"{project.Name} (the run as a whole)", TestState.Failed, clock.Elapsed, result.Output.TrimEnd());
            outcomes = [.. outcomes, whole];
        }

        var skips = new SkipList(await File.ReadAllLinesAsync(Path.Combine(repository.Root, "tests", "skips.txt"), cancellation).ConfigureAwait(false));
        Add(new SuiteOutcome(project.Name, outcomes.Select(skips.Judge).ToList(), clock.Elapsed));
    }

    private void Add(SuiteOutcome suite)
    {
        _suites.Add(suite);
        var failed = suite.Count(TestState.Failed);
        Output.Say($"{suite.Suite}: {suite.Count(TestState.Passed)} passed, {failed} failed, {suite.Elapsed.TotalSeconds:0.0} s");
    }
}
