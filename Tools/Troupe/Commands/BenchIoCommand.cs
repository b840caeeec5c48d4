using System.CommandLine;
using Troupe.Tools.Benchmarks.Io;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe bench io</c>.</summary>
internal static class BenchIoCommand
{
    private const int UsualRounds = 5;
    private const int UsualSeconds = 2;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var rounds = BenchNetCommand.Number("--rounds", "Rounds, in each of which every guest has its turn.", UsualRounds);
        var seconds = BenchNetCommand.Number("--seconds", "Length of one measurement.", UsualSeconds);
        var processors = BenchNetCommand.Processors();
        var filter = BenchNetCommand.Filter("random");
        var noDocs = new Option<bool>("--no-docs") { Description = "Print only; do not write docs/benchmarks.md." };
        var command = new Command("io", "Disk, datagrams and streams beside the same program in a Linux guest with the same emulated devices, in turn; needs root.")
        {
            rounds, seconds, processors, filter, noDocs,
        };
        command.SetAction(async (result, cancellation) =>
        {
            await SystemPackages.RequireAsync([.. SystemPackages.Running, .. SystemPackages.Testing], cancellation).ConfigureAwait(false);
            var only = result.GetValue(filter);
            await new IoBenchmark(
                Repository.Locate(),
                new IoBenchmarkOptions(
                    result.GetValue(rounds), result.GetValue(seconds), result.GetValue(processors) ?? [], only, WritesPage: !result.GetValue(noDocs) && only is null))
                .RunAsync(cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }
}
