using System.CommandLine;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Verification;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify</c>: searches interleavings, memory orders and faults, and shows what was searched.</summary>
public static class VerifyCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create() => new("verify", "Search interleavings and memory orders of the kernel's protocols, the actors, the drivers and the network, or of your own actors.")
    {
        Quick(), Deep(), Explore(), VerifySimCommand.Create(), VerifyDevicesCommand.Create(), VerifyFuzzCommand.Create(), Replay(), VerifyMutantsCommand.Create(), VerifyAppCommand.Create(),
    };

    private static Command Quick()
    {
        var filter = CommonSymbols.Filter();
        var command = new Command("quick", "What `troupe test` does: every test under Verification, with the seeds that stand in the sources.") { filter };
        command.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            var run = new TestRun(repository, result.GetValue(filter), cancellation);
            var projects = TestProject.All(repository).Where(project => project.Stage == TestStage.Verify).ToList();
            if (await run.StepAsync("build", () => VerificationBuild.EnsureAsync(repository, projects, cancellation)).ConfigureAwait(false))
            {
                await new VerificationStage(repository, run, cancellation).RunAllAsync(projects, "troupe verify quick", isWhole: result.GetValue(filter) is null).ConfigureAwait(false);
            }

            return TestReport.Print(run.Suites);
        });
        return command;
    }

    private static Command Deep()
    {
        var minutes = new Option<int>("--minutes") { Description = "How long to go on.", HelpName = "N", DefaultValueFactory = _ => 60 };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--minutes must be at least 1.");
            }
        });
        var filter = CommonSymbols.Filter();
        var command = new Command("deep", "Search with fresh seeds, over and over, until the time is up; the trace of every failure is kept.") { minutes, filter };
        command.SetAction((result, cancellation) => new DeepVerification(Repository.Locate(), cancellation).RunAsync(TimeSpan.FromMinutes(result.GetValue(minutes)), result.GetValue(filter)));
        return command;
    }

    private static Command Explore()
    {
        var seconds = new Option<int>("--seconds") { Description = "Time for each protocol that is too large to exhaust.", HelpName = "N", DefaultValueFactory = _ => 10 };
        var model = new Option<string>("--model") { Description = "The memory model: total-store-order, which is x86's, or release-acquire, which is weaker.", HelpName = "NAME", DefaultValueFactory = _ => "total-store-order" };
        model.AcceptOnlyFromAmong("total-store-order", "release-acquire");
        var filter = CommonSymbols.Filter();
        var command = new Command("explore", "Search every schedule of the small protocols under a memory model.") { seconds, model, filter };
        command.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            var run = new TestRun(repository, result.GetValue(filter), cancellation);
            var project = VerificationBuild.Explorer(repository);
            if (await run.StepAsync("build", () => VerificationBuild.EnsureAsync(repository, [project], cancellation)).ConfigureAwait(false))
            {
                var stage = new VerificationStage(repository, run, cancellation);
                stage.Begin();
                await stage.RunAsync(project, new Dictionary<string, string> { ["TROUPE_EXPLORE_SECONDS"] = FormattableString.Invariant($"{result.GetValue(seconds)}"), ["TROUPE_EXPLORE_MODEL"] = result.GetRequiredValue(model) }).ConfigureAwait(false);
                Console.WriteLine(stage.Report("troupe verify explore", isWhole: false).Text());
            }

            return TestReport.Print(run.Suites);
        });
        return command;
    }

    private static Command Replay()
    {
        var trace = new Argument<string?>("TRACE") { Description = "What a failure has printed: a .trace file, or TEST=SCHEDULE of the explorer.", Arity = ArgumentArity.ZeroOrOne };
        var check = new Option<int?>("--check") { Description = "Instead: record so many schedules in Coyote, and so many in the explorer, and see whether the same is done when they run again.", HelpName = "N" };
        check.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
            {
                result.AddError("--check must be at least 1.");
            }
        });
        var filter = CommonSymbols.Filter();
        var command = new Command("replay", "Run one schedule again that failed: exit code 0 if it passes now.") { trace, check, filter };
        command.SetAction((result, cancellation) => (result.GetValue(trace), result.GetValue(check)) switch
        {
            ({ } one, null) => new VerificationReplay(Repository.Locate(), cancellation).RunAsync(one),
            (null, { } count) => new ReplayCheck(Repository.Locate(), cancellation).RunAsync(count, result.GetValue(filter)),
            _ => throw new UserError("verify replay wants a TRACE, or --check N.", "See ./troupe verify replay --help"),
        });
        return command;
    }
}
