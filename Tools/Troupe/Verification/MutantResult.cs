using System.Globalization;

namespace Troupe.Tools.Verification;

/// <summary>What became of a mutant.</summary>
public enum MutantVerdict
{
    /// <summary>A test failed, or did not come to its end.</summary>
    Killed,

    /// <summary>Every test passed.</summary>
    Survived,

    /// <summary>The time was over before a test failed: not killed.</summary>
    OutOfTime,

    /// <summary>It does not compile: a mistake in the patch, not a kill.</summary>
    DoesNotBuild,

    /// <summary>It no longer fits the sources.</summary>
    DoesNotApply,
}

/// <summary>A line of the result file.</summary>
/// <param name="Name">The mutant.</param>
/// <param name="Digest">Of the patch.</param>
/// <param name="Verdict">What became of it.</param>
/// <param name="By">The test that killed it, or what was wrong.</param>
/// <param name="BuildTime">Building, in all suites that were needed.</param>
/// <param name="TestTime">Testing until the kill.</param>
public sealed record MutantResult(string Name, string Digest, MutantVerdict Verdict, string By, TimeSpan BuildTime, TimeSpan TestTime)
{
    /// <summary>Whether Coyote, the explorer and real threads were set beside each other (<see cref="MutantComparison"/>).</summary>
    public bool IsCompared { get; init; }

    /// <summary>What Coyote came to; null: its tests do not concern the mutant.</summary>
    public MutantSearch? Coyote { get; init; }

    /// <summary>What the explorer came to; null: its tests do not concern the mutant.</summary>
    public MutantSearch? Explorer { get; init; }

    /// <summary>What real threads came to; null: there is no body that they could run.</summary>
    public MutantSearch? Threads { get; init; }

    /// <summary>The first line of a result file.</summary>
    public const string Columns = "mutant\tpatch\tverdict\tbuilding s\ttests s\tby\tCoyote\texplorer\treal threads";

    /// <summary>The line.</summary>
    public override string ToString()
    {
        var line = string.Join('\t', Name, Digest, Verdict, Seconds(BuildTime), Seconds(TestTime), By.ReplaceLineEndings(" ").Replace('\t', ' '));
        return IsCompared ? string.Join('\t', line, Field(Coyote), Field(Explorer), Field(Threads)) : line;
    }

    /// <summary>The line that says how many each way killed.</summary>
    public static string Ratio(IReadOnlyList<MutantResult> compared)
    {
        var bySearch = compared.Count(result => result.Coyote is { Found: true } || result.Explorer is { Found: true });
        var (byCoyote, byExplorer) = (compared.Count(result => result.Coyote is { Found: true }), compared.Count(result => result.Explorer is { Found: true }));
        var onThreads = compared.Where(result => result.Threads is not null).ToList();
        var byThreads = onThreads.Count(result => result.Threads!.Found);
        var bySearchOfThose = onThreads.Count(result => result.Coyote is { Found: true } || result.Explorer is { Found: true });
        var ratio = byThreads == 0 ? "none by threads" : FormattableString.Invariant($"{(double)bySearchOfThose / byThreads:0.0} to 1");
        return FormattableString.Invariant(
            $"of {compared.Count} mutants of concurrency Coyote and the explorer killed {bySearch} (Coyote {byCoyote}, the explorer {byExplorer}); of the {onThreads.Count} whose bodies run on real threads, {bySearchOfThose}, and real threads {byThreads} in the same time: {ratio}");
    }

    /// <summary>Reads a result file; a line that does not fit, such as the first, is passed over, so its mutant runs again.</summary>
    public static IReadOnlyDictionary<string, MutantResult> Read(IEnumerable<string> lines)
    {
        var results = new Dictionary<string, MutantResult>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.Split('\t') is [var name, var digest, var verdict, var build, var test, var by, .. var searches] && searches.Length is 0 or 3
                && Enum.TryParse<MutantVerdict>(verdict, out var parsed)
                && double.TryParse(build, CultureInfo.InvariantCulture, out var buildSeconds) && double.TryParse(test, CultureInfo.InvariantCulture, out var testSeconds))
            {
                results[name] = new MutantResult(name, digest, parsed, by, TimeSpan.FromSeconds(buildSeconds), TimeSpan.FromSeconds(testSeconds))
                {
                    IsCompared = searches.Length > 0,
                    Coyote = searches.Length > 0 ? MutantSearch.Parse(searches[0]) : null,
                    Explorer = searches.Length > 0 ? MutantSearch.Parse(searches[1]) : null,
                    Threads = searches.Length > 0 ? MutantSearch.Parse(searches[2]) : null,
                };
            }
        }

        return results;
    }

    private static string Field(MutantSearch? search) => search?.ToString() ?? "-";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
}
