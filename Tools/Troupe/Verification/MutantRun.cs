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

    /// <summary>What is kept beside the patches: so that another machine can go on, and readers see it.</summary>
    private string RecordFile => Path.Combine(_repository.Root, "Verification", "Mutants", "results.tsv");

    /// <summary>Runs them.</summary>
    /// <param name="only">Mutants whose name contains this; nothing: all.</param>
    /// <param name="resume">Whether mutants with a result are left out.</param>
    /// <param name="realThreads">Whether mutants of concurrency go under Coyote, into the explorer and on real threads, to compare these.</param>
    /// <param name="records">Whether the results are kept beside the patches.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string? only, bool resume, bool realThreads, bool records)
    {
        var mutants = Mutant.All(_repository.Root).Where(mutant => only is null || mutant.Name.Contains(only, StringComparison.OrdinalIgnoreCase))
            .Where(mutant => mutant.IsConcurrency || !realThreads).OrderBy(mutant => mutant.Suites[0].Project, StringComparer.Ordinal).ToList();
        if (mutants.Count == 0)
        {
            throw new UserError($"no mutant's name contains '{only}'.", "They are the patches in Verification/Mutants.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(ResultFile)!);
        // What was run here since goes before what is recorded.
        foreach (var file in new[] { RecordFile, ResultFile }.Where(File.Exists))
        {
            foreach (var (name, result) in MutantResult.Read(await File.ReadAllLinesAsync(file, _cancellation).ConfigureAwait(false)))
            {
                _results[name] = result;
            }
        }

        Directory.CreateDirectory(_tree.Root);
        for (var i = 0; i < mutants.Count; i++)
        {
            var mutant = mutants[i];
            var known = _results.TryGetValue(mutant.Name, out var before) && before.Digest == mutant.Digest ? before : null;
            if (resume && known is not null && (known.IsCompared || !realThreads))
            {
                continue;
            }

            if (await _tree.UpdateAsync(_cancellation).ConfigureAwait(false))
            {
                _tests.Forget();
            }

            var result = realThreads ? await CompareAsync(mutant, known).ConfigureAwait(false) : await RunAsync(mutant).ConfigureAwait(false);
            _results[mutant.Name] = result;
            await WriteAsync(ResultFile, _results.Values).ConfigureAwait(false);
            Output.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{i + 1}/{mutants.Count} {mutant.Name}: {result.Verdict} after {result.TestTime.TotalSeconds:0} s of tests (and {result.BuildTime.TotalSeconds:0} s of building): {result.By}"));
        }

        await _tree.UpdateAsync(_cancellation).ConfigureAwait(false);
        if (records)
        {
            var patches = Mutant.All(_repository.Root).ToDictionary(mutant => mutant.Name, mutant => mutant.Digest, StringComparer.Ordinal);
            await WriteAsync(RecordFile, _results.Values.Where(result => patches.GetValueOrDefault(result.Name) == result.Digest)).ConfigureAwait(false);
        }

        return Print(mutants);
    }

    private Task WriteAsync(string file, IEnumerable<MutantResult> results) =>
        File.WriteAllLinesAsync(file, results.OrderBy(line => line.Name, StringComparer.Ordinal).Select(line => line.ToString()).Prepend(MutantResult.Columns), _cancellation);

    private async Task<MutantResult> RunAsync(Mutant mutant)
    {
        var (building, testing) = (new Stopwatch(), new Stopwatch());
        MutantResult Result(MutantVerdict verdict, string by) => new(mutant.Name, mutant.Digest, verdict, by, building.Elapsed, testing.Elapsed);
        if (await _tree.PlantAsync(mutant, _cancellation).ConfigureAwait(false) is { } misfit)
        {
            return Result(MutantVerdict.DoesNotApply, misfit);
        }

        foreach (var suite in mutant.Suites)
        {
            if (await BuildAsync(suite.Project, building).ConfigureAwait(false) is { } diagnostics)
            {
                return Result(MutantVerdict.DoesNotBuild, diagnostics);
            }

            testing.Start();
            var kill = await _tests.RunAsync(suite, _longest - testing.Elapsed).ConfigureAwait(false);
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

    /// <summary>Puts a mutant under Coyote, into the explorer and on real threads, each whatever the others found.</summary>
    /// <param name="mutant">The mutant.</param>
    /// <param name="known">What became of it before; what other tests found then still holds.</param>
    private async Task<MutantResult> CompareAsync(Mutant mutant, MutantResult? known)
    {
        var (building, testing) = (new Stopwatch(), new Stopwatch());
        MutantResult Result(MutantVerdict verdict, string by) => new(mutant.Name, mutant.Digest, verdict, by, building.Elapsed, testing.Elapsed);
        if (await _tree.PlantAsync(mutant, _cancellation).ConfigureAwait(false) is { } misfit)
        {
            return Result(MutantVerdict.DoesNotApply, misfit);
        }

        MutantResult? killed = null;
        Dictionary<string, MutantSearch> searches = [];
        // What found it before goes first, so that the other search knows where to look.
        foreach (var suite in mutant.Suites.Where(suite => MutantComparison.IsSearch(suite.Project)).OrderByDescending(suite => suite.Holds(known?.By)))
        {
            var other = searches.Values.FirstOrDefault();
            if (await BuildAsync(suite.Project, building).ConfigureAwait(false) is { } diagnostics)
            {
                return Result(MutantVerdict.DoesNotBuild, diagnostics);
            }

            foreach (var tests in suite.InOrder(known?.By, other))
            {
                var clock = Stopwatch.StartNew();
                testing.Start();
                var kill = await _tests.RunAsync(tests, _longest, _comparison.Begin(), mayHaveNone: tests != suite).ConfigureAwait(false);
                testing.Stop();
                searches[suite.Project] = _comparison.End(clock.Elapsed, kill is not null);
                if (kill is not null)
                {
                    killed ??= Result(MutantVerdict.Killed, kill);
                    break;
                }

                if (other is { Found: true } && searches[suite.Project].Schedules > 0)
                {
                    // The same body was searched, and held.
                    break;
                }
            }
        }

        if (await BuildAsync(MutantComparison.CoyoteProject, building).ConfigureAwait(false) is { } broken)
        {
            return Result(MutantVerdict.DoesNotBuild, broken);
        }

        var (coyote, explorer) = (searches.GetValueOrDefault(MutantComparison.CoyoteProject), searches.GetValueOrDefault(MutantComparison.ExplorerProject));
        var threads = await _comparison.RunThreadsAsync(mutant, coyote, explorer, _longest).ConfigureAwait(false);
        var result = killed ?? (known is { Verdict: MutantVerdict.Killed } ? known : Result(MutantVerdict.Survived, "every test passed"));
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
        Console.WriteLine("(schedules or runs of the test that found it, and seconds; real threads had the time that the search took, but no less than 5 s)");
        Console.WriteLine();
        Console.WriteLine(MutantResult.Ratio(compared));
    }
}
