using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// <c>troupe verify deep</c>: a fifth of the time goes to the explorer's protocols that are too large to exhaust, the rest to Coyote with a fresh seed every round.
/// </summary>
internal sealed class DeepVerification(Repository repository, CancellationToken cancellation)
{
    private const int ExplorerShare = 5;
    private const int LargeProtocols = 8;

    /// <summary>Searches for so long.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(TimeSpan time, string? filter)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var run = new TestRun(repository, filter, end.Token);
        var (explorer, coyote) = (VerificationBuild.Explorer(repository), VerificationBuild.Coyote(repository));
        if (!await run.StepAsync("build", () => VerificationBuild.EnsureAsync(repository, [explorer, coyote], cancellation)).ConfigureAwait(false))
        {
            return TestReport.Print(run.Suites);
        }

        end.CancelAfter(time);
        var clock = Stopwatch.StartNew();
        var stage = new VerificationStage(repository, run, end.Token);
        stage.Begin();
        try
        {
            var each = (int)Math.Max(1, time.TotalSeconds / ExplorerShare / LargeProtocols);
            await stage.RunAsync(explorer, new Dictionary<string, string>
            {
                ["TROUPE_VERIFY_DEEP"] = "1",
                ["TROUPE_EXPLORE_SECONDS"] = each.ToString(CultureInfo.InvariantCulture),
                ["TROUPE_SEED"] = RandomNumberGenerator.GetInt32(int.MaxValue).ToString(CultureInfo.InvariantCulture),
            }).ConfigureAwait(false);
            for (var round = 1; clock.Elapsed < time; round++)
            {
                var seed = RandomNumberGenerator.GetInt32(1, int.MaxValue);
                Output.Say(string.Create(CultureInfo.InvariantCulture, $"round {round}, seed {seed}, {clock.Elapsed.TotalMinutes:0.0} of {time.TotalMinutes:0} minutes"));
                await stage.RunAsync(coyote, new Dictionary<string, string>
                {
                    ["TROUPE_VERIFY_DEEP"] = "1",
                    ["TROUPE_COYOTE_SEED"] = seed.ToString(CultureInfo.InvariantCulture),
                }).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Output.Say("the time is up");
        }

        var report = stage.Report(string.Create(CultureInfo.InvariantCulture, $"troupe verify deep --minutes {time.TotalMinutes:0}"), isWhole: false);
        Console.WriteLine(report.Text());
        return report.Findings.Count == 0 && report.Failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
