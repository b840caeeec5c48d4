using System.Diagnostics;

namespace Troupe.Tools.Verification;

/// <summary>
/// A mutant under Coyote, in the explorer and on real threads. The threads run the bodies of the tests that found it for as long as the search took, but for no less than <see cref="Least"/>; they run
/// the assemblies as the compiler made them, without Coyote's and our own calls in them.
/// </summary>
internal sealed class MutantComparison(MutantTree tree, MutantTests tests)
{
    /// <summary>The tests under Coyote, whose bodies real threads run as well.</summary>
    public const string CoyoteProject = "Verification/Coyote";

    /// <summary>The tests in the explorer.</summary>
    public const string ExplorerProject = "Verification/Explorer.Tests";

    private string Records => Path.Combine(tree.Root, "artifacts", "mutant-records");

    /// <summary>How long real threads run a body at least.</summary>
    public static TimeSpan Least { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the tests of a project are searches.</summary>
    /// <param name="project">The test project.</param>
    public static bool IsSearch(string project) => project is CoyoteProject or ExplorerProject;

    /// <summary>The environment for tests whose searches are to be read afterwards.</summary>
    public IReadOnlyDictionary<string, string> Begin()
    {
        if (Directory.Exists(Records))
        {
            Directory.Delete(Records, recursive: true);
        }

        return new Dictionary<string, string> { ["TROUPE_VERIFY_RECORDS"] = Records };
    }

    /// <summary>What a search found since <see cref="Begin"/>, with the effort for the body in which it was found.</summary>
    /// <param name="elapsed">How long the tests ran.</param>
    /// <param name="killed">Whether one failed.</param>
    public MutantSearch End(TimeSpan elapsed, bool killed)
    {
        var records = SearchRecord.ReadAll(Records);
        var test = records.FirstOrDefault(record => record.Finding is not null)?.Test;
        var effort = records.Where(record => test is null || record.Test == test).ToList();
        // A run that hangs or crashes leaves no record of the search that it was in.
        return new MutantSearch(killed, effort.Sum(record => record.Schedules), killed && test is null ? elapsed : TimeSpan.FromSeconds(effort.Sum(record => record.Seconds)), test ?? string.Empty);
    }

    /// <summary>Runs on real threads what Coyote or the explorer found the mutant in; if neither did, all tests that should.</summary>
    /// <returns>What they found; null: there is no such body.</returns>
    public async Task<MutantSearch?> RunThreadsAsync(Mutant mutant, MutantSearch? coyote, MutantSearch? explorer, TimeSpan longest)
    {
        var found = coyote is { Found: true } ? coyote : explorer is { Found: true } ? explorer : null;
        // The explorer's tests have the names of Coyote's of the same protocol, but may have other sizes.
        var name = found is null or { Test: "" } ? null : found == coyote ? found.Test : found.Test.Split('-')[0];
        var method = name?.Split('-')[0];
        if (method is null && mutant.Suites.All(suite => suite.Project != CoyoteProject))
        {
            return null;
        }

        var environment = new Dictionary<string, string>(Begin())
        {
            ["TROUPE_REAL_THREADS"] = FormattableString.Invariant($"{Math.Max(Least.TotalSeconds, name is null ? 0 : found!.Time.TotalSeconds):0.0}"),
            ["TROUPE_REAL_THREADS_TEST"] = name ?? string.Empty,
        };
        var clock = Stopwatch.StartNew();
        MutantSuite suite = new(CoyoteProject, method is null ? mutant.Suites.First(suite => suite.Project == CoyoteProject).Filter : $".{method}");
        var killed = await tests.RunAsync(suite, longest, environment, CopyOriginals(), mayHaveNone: true).ConfigureAwait(false);
        var result = End(clock.Elapsed, killed is not null);
        return result.Schedules == 0 ? null : result;
    }

    // The build keeps what the compiler made before it puts calls in.
    private string CopyOriginals()
    {
        var from = tests.Output(CoyoteProject);
        var to = Path.Combine(Path.GetDirectoryName(from)!, "real");
        var originals = Path.Combine(from, "originals") + Path.DirectorySeparatorChar;
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.StartsWith(originals, StringComparison.Ordinal)))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }

        foreach (var file in Directory.EnumerateFiles(originals))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        return to;
    }
}
