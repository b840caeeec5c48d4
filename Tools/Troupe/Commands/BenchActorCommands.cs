using System.CommandLine;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary>The measurements of the actor runtime among those of <c>troupe bench</c>.</summary>
internal static class BenchActorCommands
{
    private const int Probes = 1000;
    private const int QuickProbes = 60;
    private const int Failures = 100_000;

    internal static Command Preempt()
    {
        var seed = Seed();
        var quick = new Option<bool>("--quick") { Description = $"{QuickProbes} probes a run instead of {Probes}, and docs/benchmarks.md stays as it is." };
        var command = new Command("preempt", "How long messages wait beside actors that spin: hosted, in a guest of two processors, and in Erlang.") { seed, quick };
        command.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            await SystemPackages.RequireAsync(SystemPackages.Running, cancellation).ConfigureAwait(false);
            await new PreemptionBenchmark(repository).RunAsync(
                result.GetValue(quick) ? QuickProbes : Probes, result.GetValue(seed), writes: !result.GetValue(quick), cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    internal static Command Supervision()
    {
        var seed = Seed();
        var failures = new Option<int>("--failures") { Description = "How many actors fail.", HelpName = "N", DefaultValueFactory = _ => Failures };
        failures.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--failures starts at 1.");
            }
        });
        var command = new Command("supervision", "A tree of 1,000 actors that fail under load: whether what was sent is handled, dead letters and dropped, exactly.") { failures, seed };
        command.SetAction((result, cancellation) => new SupervisionBenchmark(Repository.Locate()).RunAsync(result.GetValue(failures), result.GetValue(seed), cancellation));
        return command;
    }

    private static Option<int> Seed() => new("--seed") { Description = "What is random is drawn from it.", HelpName = "N", DefaultValueFactory = _ => 1 };
}
