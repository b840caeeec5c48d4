using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// Plants each bug in a copy of the sources, builds the test projects that concern it and runs them until a test fails. What was run stays in a file, so that a run that
/// is interrupted goes on where it was.
/// </summary>
internal sealed class MutantRun
{
    /// <summary>The tests of one mutant, building left out.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(3);

    private readonly Repository _repository;
    private readonly CancellationToken _cancellation;
    private readonly MutantTree _tree;
    private readonly MutantTests _tests;
    private readonly MutantComparison _comparison;
    private readonly Dictionary<string, MutantResult> _results = new(StringComparer.Ordinal);

    public MutantRun(Repository repository, CancellationToken cancellation)
    {
        _repository = repository;
        _cancellation = cancellation;
        _tree = new(repository);
        _tests = new(_tree, _cancellation);
        _comparison = new(_tree, _tests);
    }

    private string ResultFile => Path.Combine(_repository.Artifacts, "verify", "mutants.tsv");

    /// <summary>Runs them.</summary>
    /// <param name="only">Mutants whose name contains this; nothing: all.</param>
    /// <param name="resume">Whether mutants with a result are left out.</param>
    /// <param name="realThreads">Whether mutants of concurrency go under Coyote, into the explorer and on real threads, to compare these.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string? only, bool resume, bool realThreads)
    {
        var mutants = Mutant.All(_repository.Root).Where(mutant => only is null || mutant.Name.Contains(only, StringComparison.OrdinalIgnoreCase))
            .Where(mutant => mutant.IsConcurrency || !realThreads).OrderBy(mutant => mutant.Suites[0].Project, StringComparer.Ordinal).ToList();
        if (mutants.Count == 0)
        {
            throw new UserError($"no mutant's name contains '{only}'.", "They are the patches in Verification/Mutants.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(ResultFile)!);
        if (File.Exists(ResultFile))
        {
            foreach (var (name, result) in MutantResult.Read(await File.ReadAllLinesAsync(ResultFile, _cancellation).ConfigureAwait(false)))
            {
                _results[name] = result;
            }
        }

        Directory.CreateDirectory(_tree.Root);
        for (var i = 0; i < mutants.Count; i++)
        {
            var mutant = mutants[i];
            if (resume && _results.TryGetValue(mutant.Name, out var known) && known.Digest == mutant.Digest && (known.IsCompared || !realThreads))
            {
                continue;
            }

            if (await _tree.UpdateAsync(_cancellation).ConfigureAwait(false))
            {
                _tests.Forget();
            }

            var result = await RunAsync(mutant, realThreads).ConfigureAwait(false);
            _results[mutant.Name] = result;
            await File.WriteAllLinesAsync(ResultFile, _results.Values.OrderBy(line => line.Name, StringComparer.Ordinal).Select(line => line.ToString()), _cancellation).ConfigureAwait(false);
            Output.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{i + 1}/{mutants.Count} {mutant.Name}: {result.Verdict} after {result.TestTime.TotalSeconds:0} s of tests (and {result.BuildTime.TotalSeconds:0} s of building): {result.By}"));
        }

        await _tree.UpdateAsync(_cancellation).ConfigureAwait(false);
        return Print(mutants);
    }

    private async Task<MutantResult> RunAsync(Mutant mutant, bool compares)
    {
        var (building, testing) = (new Stopwatch(), new Stopwatch());
        MutantResult Result(MutantVerdict verdict, string by) => new(mutant.Name, mutant.Digest, verdict, by, building.Elapsed, testing.Elapsed);
        if (await _tree.PlantAsync(mutant, _cancellation).ConfigureAwait(false) is { } misfit)
        {
            return Result(MutantVerdict.DoesNotApply, misfit);
        }

        MutantResult? killed = null;
        MutantSearch? coyote = null, explorer = null;
        foreach (var suite in mutant.Suites)
        {
            // To compare, each way of searching has its turn, whatever the others found.
            if (killed is not null && !(compares && MutantComparison.IsSearch(suite.Project)))
            {
                continue;
            }

            if (await BuildAsync(suite.Project, building).ConfigureAwait(false) is { } diagnostics)
            {
                return Result(MutantVerdict.DoesNotBuild, diagnostics);
            }

            var clock = Stopwatch.StartNew();
            testing.Start();
            var kill = await _tests.RunAsync(suite, compares ? _longest : _longest - testing.Elapsed, compares ? _comparison.Begin() : null).ConfigureAwait(false);
            testing.Stop();
            if (compares && suite.Project == MutantComparison.CoyoteProject)
            {
                coyote = _comparison.End(clock.Elapsed, kill is not null);
            }
            else if (compares && suite.Project == MutantComparison.ExplorerProject)
            {
                explorer = _comparison.End(clock.Elapsed, kill is not null);
            }

            if (kill is not null)
            {
                killed ??= Result(MutantVerdict.Killed, kill);
            }
            else if (killed is null && testing.Elapsed >= _longest)
            {
                killed = Result(MutantVerdict.OutOfTime, $"no test had failed after {_longest.TotalMinutes:0} minutes");
            }
        }

        var result = killed ?? Result(MutantVerdict.Survived, "every test passed");
        if (!compares)
        {
            return result;
        }

        if (await BuildAsync(MutantComparison.CoyoteProject, building).ConfigureAwait(false) is { } broken)
        {
            return Result(MutantVerdict.DoesNotBuild, broken);
        }

        var threads = await _comparison.RunThreadsAsync(mutant, coyote, explorer, _longest).ConfigureAwait(false);
        return result with { IsCompared = true, Coyote = coyote, Explorer = explorer, Threads = threads };
    }

    /// <summary>What is wrong with a project that does not build, or nothing.</summary>
    private async Task<string?> BuildAsync(string project, Stopwatch clock)
    {
        clock.Start();
        var build = await _tests.BuildAsync(project).ConfigureAwait(false);
        clock.Stop();
        return build.ExitCode == 0 ? null : ImageBuild.Diagnostics(build.Output);
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

        PrintComparison(run);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{killed} of {run.Count} mutants killed"));
        return killed == run.Count ? ExitCodes.Success : ExitCodes.Failure;
    }

    private void PrintComparison(List<Mutant> run)
    {
        var compared = run.Select(mutant => _results[mutant.Name]).Where(result => result.IsCompared).ToList();
        if (compared.Count == 0)
        {
            return;
        }

        Output.Table(
            ["mutant", "Coyote", "explorer", "real threads"],
            compared.Select(result => (IReadOnlyList<string>)[result.Name, result.Coyote?.Text ?? "-", result.Explorer?.Text ?? "-", result.Threads?.Text ?? "no body"]));
        Console.WriteLine("(schedules or runs of the test that found it, and seconds; real threads had the time that the search took, but no less than 10 s)");
        Console.WriteLine();
        Console.WriteLine(MutantResult.Ratio(compared));
    }
}
