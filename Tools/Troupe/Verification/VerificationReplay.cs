using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary><c>troupe verify replay</c>: one schedule again, of Coyote by its file, of the explorer by its string, of an app by the file in the app's folder.</summary>
internal sealed class VerificationReplay(Repository repository, CancellationToken cancellation)
{
    /// <summary>Runs it.</summary>
    /// <returns>The exit code: success if the schedule passes now.</returns>
    public async Task<int> RunAsync(string trace)
    {
        var (project, method, variable, value) = Understand(trace);
        var run = new TestRun(repository, "." + method, cancellation);
        if (await run.StepAsync("build", () => VerificationBuild.EnsureAsync(repository, [project], cancellation)).ConfigureAwait(false))
        {
            var records = Directory.CreateTempSubdirectory("troupe-replay").FullName;
            int ran;
            try
            {
                await run.RunAsync(project, new Dictionary<string, string> { [variable] = value, ["TROUPE_VERIFY_RECORDS"] = records }).ConfigureAwait(false);
                ran = SearchRecord.ReadAll(records).Count;
            }
            finally
            {
                Directory.Delete(records, recursive: true);
            }

            var outcomes = run.Suites[^1].Outcomes;
            if (ran == 0 && outcomes.All(outcome => outcome.State != TestState.Failed))
            {
                throw new UserError($"no test of {project.Name} is the one of {trace}: it has another name now, or none.", exitCode: ExitCodes.Failure);
            }

            Output.Say(outcomes.Any(outcome => outcome.State == TestState.Failed) ? "the schedule fails, as it did" : "the schedule passes");
        }

        return TestReport.Print(run.Suites);
    }

    private (TestProject Project, string Method, string Variable, string Value) Understand(string trace)
    {
        if (File.Exists(trace) && trace.EndsWith(".trace", StringComparison.Ordinal))
        {
            var file = Path.GetFullPath(trace);
            var project = AppVerification.ProjectOfTrace(file) ?? VerificationBuild.Coyote(repository);
            return (project, MethodOf(Path.GetFileName(file)), "TROUPE_COYOTE_REPLAY", file);
        }

        return trace.Split('=', 2) is [var test, var schedule] && (schedule.StartsWith("tso:", StringComparison.Ordinal) || schedule.StartsWith("sc:", StringComparison.Ordinal))
            ? (VerificationBuild.Explorer(repository), MethodOf(test), "TROUPE_EXPLORE_REPLAY", trace)
            : throw new UserError(
                File.Exists(trace) ? $"{trace} is no trace: the name of one ends in .trace." : $"there is no file {trace}, and it is no schedule of the explorer.",
                "A failure prints what to give: artifacts/verify/traces/TEST.MODE.SEED.trace, or TEST=tso:SCHEDULE.");
    }

    /// <summary>The name of the method: that of the test up to the arguments of its case, or up to the mode.</summary>
    private static string MethodOf(string test) => test.Split('-', '.')[0];
}
