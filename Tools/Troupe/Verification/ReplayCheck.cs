using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// <c>troupe verify replay --check N</c>: records schedules of the tests in Coyote and in the explorer, passing and failing ones, each with a hash of the operations that were done in it and of their order,
/// and runs N of each tool again in another process. (Verification/Protocols/ScheduleLog is the other side.)
/// </summary>
public sealed class ReplayCheck(Repository repository, CancellationToken cancellation)
{
    private const int MostRounds = 5;
    private const uint FirstSeed = 20_261_123;

    private string Folder => Path.Combine(repository.Artifacts, "verify", "replay");

    /// <summary>Runs it.</summary>
    /// <param name="count">How many schedules of each tool.</param>
    /// <param name="filter">Tests whose full name contains this; nothing: all.</param>
    /// <returns>The exit code: success if all of them were the same.</returns>
    public async Task<int> RunAsync(int count, string? filter)
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        Directory.CreateDirectory(Folder);
        TestProject[] projects = [VerificationBuild.Coyote(repository), VerificationBuild.Explorer(repository)];
        string[] tools = ["coyote", "explorer"];
        await VerificationBuild.EnsureAsync(repository, projects, cancellation).ConfigureAwait(false);
        var areSame = true;
        foreach (var (project, tool) in projects.Zip(tools))
        {
            var recorded = await RecordAsync(project, tool, count, filter).ConfigureAwait(false);
            await RunAsync(project, filter, new Dictionary<string, string> { ["TROUPE_REPLAY_CHECK"] = Folder }).ConfigureAwait(false);
            var replayed = Read(Path.Combine(Folder, tool + ".replayed"));
            var different = recorded.Where(entry => replayed.GetValueOrDefault(entry.Key) != entry.Value).Select(static entry => entry.Key).ToList();
            foreach (var schedule in different)
            {
                Output.Say($"{tool}: {schedule} {(replayed.ContainsKey(schedule) ? "was another when it ran again" : "did not run again")}");
            }

            Console.WriteLine(Summary(tool, recorded.Count - different.Count, recorded.Count));
            areSame &= different.Count == 0 && recorded.Count > 0;
        }

        Output.Say($"what was done in each: {Path.Combine(Folder, "steps")}");
        return areSame ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>As many of all as are wanted, spread evenly over them.</summary>
    public static IReadOnlyList<T> Spread<T>(IReadOnlyList<T> all, int count) =>
        all.Count <= count ? all : [.. Enumerable.Range(0, count).Select(number => all[(int)((long)number * all.Count / count)])];

    /// <summary>What is printed of one tool.</summary>
    public static string Summary(string tool, int same, int all) => string.Create(CultureInfo.InvariantCulture, $"{tool}: {same} of {all} schedules ran again to the identical hash");

    private async Task<Dictionary<string, string>> RecordAsync(TestProject project, string tool, int count, string? filter)
    {
        var file = Path.Combine(Folder, tool + ".recorded");
        for (var round = 0u; round < MostRounds; round++)
        {
            var before = Read(file).Count;
            await RunAsync(project, filter, new Dictionary<string, string>
            {
                ["TROUPE_REPLAY_RECORD"] = Folder,
                ["TROUPE_COYOTE_SEED"] = (FirstSeed + round).ToString(CultureInfo.InvariantCulture),
            }).ConfigureAwait(false);
            var after = Read(file).Count;
            if (after >= count || after == before)
            {
                break;
            }
        }

        // Those that are not chosen are forgotten: the tests run again what is in the file.
        var chosen = Spread([.. Read(file)], count);
        await File.WriteAllLinesAsync(file, chosen.Select(static entry => $"{entry.Key}\t{entry.Value}"), cancellation).ConfigureAwait(false);
        return chosen.ToDictionary(StringComparer.Ordinal);
    }

    private async Task RunAsync(TestProject project, string? filter, Dictionary<string, string> environment)
    {
        var run = new TestRun(repository, filter, cancellation);
        await run.RunAsync(project, environment).ConfigureAwait(false);
        foreach (var outcome in run.Suites[^1].Outcomes.Where(static outcome => outcome.State == TestState.Failed))
        {
            throw new UserError($"{outcome.Name}: {outcome.Message}", exitCode: ExitCodes.Failure);
        }
    }

    private static Dictionary<string, string> Read(string file)
    {
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            var columns = line.Split('\t');
            hashes[columns[0]] = columns[1];
        }

        return hashes;
    }
}
