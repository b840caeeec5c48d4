using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>Builds and runs test projects in the tree in which a mutant is planted.</summary>
internal sealed class MutantTests(MutantTree tree, CancellationToken cancellation)
{
    private readonly HashSet<string> _restored = new(StringComparer.Ordinal);

    // Tests with a bug of their own would take their time to find that one, and say nothing about the mutant: a deep run leaves them out.
    private Dictionary<string, string> Environment => new() { ["TROUPE_ROOT"] = tree.Root, ["MSBUILDDISABLENODEREUSE"] = "1", ["TROUPE_VERIFY_DEEP"] = "1" };

    /// <summary>What a restore reads has changed.</summary>
    public void Forget() => _restored.Clear();

    /// <summary>
    /// Builds a test project and what has changed of that which it tests: in one process, because starting another takes longer than it saves where one or two projects differ, and without what no
    /// test needs. Restoring costs as much as compiling, so it is done once for each project.
    /// </summary>
    public async Task<HostProcessResult> BuildAsync(string project)
    {
        string[] restore = _restored.Contains(project) ? ["--no-restore"] : [];
        var result = await HostProcess.CaptureAsync(
            "dotnet",
            ["build", ProjectFile(project), "--nologo", "-v", "quiet", "-m:1", .. restore, "-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false", "-p:TreatWarningsAsErrors=false"],
            cancellation,
            tree.Root,
            Environment).ConfigureAwait(false);
        if (result.ExitCode == 0)
        {
            _restored.Add(project);
        }

        return result;
    }

    /// <summary>The folder into which a test project is built.</summary>
    public string Output(string project) => Path.Combine(tree.Root, "artifacts", "bin", Name(project), "debug");

    /// <summary>Runs tests until the first fails: its name, or nothing.</summary>
    /// <param name="suite">The tests.</param>
    /// <param name="time">For how long at most.</param>
    /// <param name="environment">What they shall know besides.</param>
    /// <param name="output">Where the assemblies are; nothing: where they were built.</param>
    /// <param name="mayHaveNone">Whether there need be no such test.</param>
    public async Task<string?> RunAsync(MutantSuite suite, TimeSpan time, IReadOnlyDictionary<string, string>? environment = null, string? output = null, bool mayHaveNone = false)
    {
        var assembly = Name(suite.Project);
        var results = Path.Combine(tree.Root, "artifacts", "test-results");
        var file = Path.Combine(results, assembly + ".trx");
        Directory.CreateDirectory(results);
        File.Delete(file);
        var all = Environment;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            all[name] = value;
        }

        string[] filter = suite.Filter is null ? [] : ["--filter", string.Join('|', suite.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => "FullyQualifiedName~" + part))];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(time);
        HostProcessResult result;
        try
        {
            // A test that gives no sign of life for so long hangs, which kills the mutant as well. Less would be a kill by a machine that has much to do: a search of NetTests takes 20 s on a quiet one.
            result = await HostProcess.CaptureAsync(
                "dotnet",
                ["test", Path.Combine(output ?? Output(suite.Project), assembly + ".dll"), .. filter, "--logger", $"trx;LogFileName={file}", "--results-directory", results,
                    "--blame-hang-timeout", "150s", "--blame-hang-dump-type", "none", "--", "xUnit.StopOnFail=true"],
                limit.Token,
                tree.Root,
                all).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }

        IReadOnlyList<TestOutcome> outcomes = [];
        if (File.Exists(file))
        {
            using var reader = File.OpenText(file);
            outcomes = TrxFile.Read(reader);
        }

        if (outcomes.FirstOrDefault(outcome => outcome.State == TestState.Failed) is { } failed)
        {
            return failed.Name;
        }

        if (result.ExitCode == 0 && outcomes.Count == 0 && !mayHaveNone)
        {
            throw new UserError($"{suite.Project} has no test whose name contains '{suite.Filter}'.", "A line 'Tests:' of the patch names tests that are gone.");
        }

        return result.ExitCode == 0 ? null : $"{suite.Project} {suite.Filter}: the run ended without a result (a hang or a crash)";
    }

    private string Name(string project) => Path.GetFileNameWithoutExtension(ProjectFile(project));

    private string ProjectFile(string project) => Directory.GetFiles(Path.Combine(tree.Root, project), "*.csproj").Single();
}
