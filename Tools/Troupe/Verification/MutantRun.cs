using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// Plants each bug in a copy of the sources, builds the test projects that concern it and runs them until a test fails. What was run stays in a file, so that a run that
/// is interrupted goes on where it was.
/// </summary>
internal sealed class MutantRun(Repository repository, CancellationToken cancellation)
{
    /// <summary>The tests of one mutant, building left out.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(3);

    private readonly MutantTree _tree = new(repository);
    private readonly Dictionary<string, MutantResult> _results = new(StringComparer.Ordinal);
    private readonly HashSet<string> _restored = new(StringComparer.Ordinal);

    private string ResultFile => Path.Combine(repository.Artifacts, "verify", "mutants.tsv");

    /// <summary>Runs them.</summary>
    /// <param name="only">Mutants whose name contains this; nothing: all.</param>
    /// <param name="resume">Whether mutants with a result are left out.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string? only, bool resume)
    {
        var mutants = Mutant.All(repository.Root).Where(mutant => only is null || mutant.Name.Contains(only, StringComparison.OrdinalIgnoreCase))
            .OrderBy(mutant => mutant.Suites[0].Project, StringComparer.Ordinal).ToList();
        if (mutants.Count == 0)
        {
            throw new UserError($"no mutant's name contains '{only}'.", "They are the patches in Verification/Mutants.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(ResultFile)!);
        if (File.Exists(ResultFile))
        {
            foreach (var (name, result) in MutantResult.Read(await File.ReadAllLinesAsync(ResultFile, cancellation).ConfigureAwait(false)))
            {
                _results[name] = result;
            }
        }

        Directory.CreateDirectory(_tree.Root);
        for (var i = 0; i < mutants.Count; i++)
        {
            var mutant = mutants[i];
            if (resume && _results.TryGetValue(mutant.Name, out var known) && known.Digest == mutant.Digest)
            {
                continue;
            }

            if (await _tree.UpdateAsync(cancellation).ConfigureAwait(false))
            {
                _restored.Clear();
            }

            var result = await RunAsync(mutant).ConfigureAwait(false);
            _results[mutant.Name] = result;
            await File.WriteAllLinesAsync(ResultFile, _results.Values.OrderBy(line => line.Name, StringComparer.Ordinal).Select(line => line.ToString()), cancellation).ConfigureAwait(false);
            Output.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{i + 1}/{mutants.Count} {mutant.Name}: {result.Verdict} after {result.TestTime.TotalSeconds:0} s of tests (and {result.BuildTime.TotalSeconds:0} s of building): {result.By}"));
        }

        await _tree.UpdateAsync(cancellation).ConfigureAwait(false);
        return Print(mutants);
    }

    private async Task<MutantResult> RunAsync(Mutant mutant)
    {
        var (building, testing) = (new Stopwatch(), new Stopwatch());
        MutantResult Result(MutantVerdict verdict, string by) => new(mutant.Name, mutant.Digest, verdict, by, building.Elapsed, testing.Elapsed);
        if (await _tree.PlantAsync(mutant, cancellation).ConfigureAwait(false) is { } misfit)
        {
            return Result(MutantVerdict.DoesNotApply, misfit);
        }

        foreach (var suite in mutant.Suites)
        {
            building.Start();
            var project = Directory.GetFiles(Path.Combine(_tree.Root, suite.Project), "*.csproj").Single();
            var build = await BuildAsync(project).ConfigureAwait(false);
            building.Stop();
            if (build.ExitCode != 0)
            {
                return Result(MutantVerdict.DoesNotBuild, ImageBuild.Diagnostics(build.Output));
            }

            testing.Start();
            var kill = await TestAsync(suite, project, _longest - testing.Elapsed).ConfigureAwait(false);
            testing.Stop();
            if (kill is not null)
            {
                return Result(MutantVerdict.Killed, kill);
            }

            if (testing.Elapsed >= _longest)
            {
                return Result(MutantVerdict.OutOfTime, $"no test had failed after {_longest.TotalMinutes:0} minutes");
            }
        }

        return Result(MutantVerdict.Survived, "every test passed");
    }

    // Tests with a bug of their own would take their time to find that one, and say nothing about the mutant: a deep run leaves them out.
    private Dictionary<string, string> Environment => new() { ["TROUPE_ROOT"] = _tree.Root, ["MSBUILDDISABLENODEREUSE"] = "1", ["TROUPE_VERIFY_DEEP"] = "1" };

    /// <summary>
    /// Builds a test project and what has changed of that which it tests: in one process, because starting another takes longer than it saves where one or two projects differ, and without what no
    /// test needs. Restoring costs as much as compiling, so it is done once for each project.
    /// </summary>
    private async Task<HostProcessResult> BuildAsync(string project)
    {
        string[] restore = _restored.Contains(project) ? ["--no-restore"] : [];
        var result = await HostProcess.CaptureAsync(
            "dotnet",
            ["build", project, "--nologo", "-v", "quiet", "-m:1", .. restore, "-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false", "-p:TreatWarningsAsErrors=false"],
            cancellation,
            _tree.Root,
            Environment).ConfigureAwait(false);
        if (result.ExitCode == 0)
        {
            _restored.Add(project);
        }

        return result;
    }

    /// <summary>The test that failed, or nothing.</summary>
    private async Task<string?> TestAsync(MutantSuite suite, string project, TimeSpan time)
    {
        var assembly = Path.GetFileNameWithoutExtension(project);
        var results = Path.Combine(_tree.Root, "artifacts", "test-results");
        var file = Path.Combine(results, assembly + ".trx");
        Directory.CreateDirectory(results);
        File.Delete(file);
        string[] filter = suite.Filter is null ? [] : ["--filter", string.Join('|', suite.Filter.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => "FullyQualifiedName~" + part))];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(time);
        HostProcessResult result;
        try
        {
            // A test that gives no sign of life for so long hangs, which kills the mutant as well.
            result = await HostProcess.CaptureAsync(
                "dotnet",
                ["test", Path.Combine(_tree.Root, "artifacts", "bin", assembly, "debug", assembly + ".dll"), .. filter, "--logger", $"trx;LogFileName={file}", "--results-directory", results,
                    "--blame-hang-timeout", "90s", "--blame-hang-dump-type", "none", "--", "xUnit.StopOnFail=true"],
                limit.Token,
                _tree.Root,
                Environment).ConfigureAwait(false);
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

        if (result.ExitCode == 0 && outcomes.Count == 0)
        {
            throw new UserError($"{suite.Project} has no test whose name contains '{suite.Filter}'.", "A line 'Tests:' of the patch names tests that are gone.");
        }

        return result.ExitCode == 0 ? null : $"{suite.Project} {suite.Filter}: the run ended without a result (a hang or a crash)";
    }

    private int Print(List<Mutant> mutants)
    {
        var run = mutants.Where(mutant => _results.TryGetValue(mutant.Name, out var result) && result.Digest == mutant.Digest).ToList();
        Output.Table(
            ["mutant", "kind", "area", "verdict", "tests s", "by"],
            run.Select(mutant => (mutant, result: _results[mutant.Name])).Select(pair => (IReadOnlyList<string>)
            [
                pair.mutant.Name, pair.mutant.IsConcurrency ? "concurrency" : "other", pair.mutant.Area, pair.result.Verdict.ToString(),
                pair.result.TestTime.TotalSeconds.ToString("0", CultureInfo.InvariantCulture), pair.result.By,
            ]));
        Console.WriteLine();
        var killed = run.Count(mutant => _results[mutant.Name].Verdict == MutantVerdict.Killed);
        foreach (var mutant in run.Where(mutant => _results[mutant.Name].Verdict != MutantVerdict.Killed))
        {
            Console.WriteLine($"not killed: {mutant.Name} ({_results[mutant.Name].Verdict}): breaks \"{mutant.Breaks}\"");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{killed} of {run.Count} mutants killed"));
        return killed == run.Count ? ExitCodes.Success : ExitCodes.Failure;
    }
}
