using System.CommandLine;
using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe bench net</c>.</summary>
internal static class BenchNetCommand
{
    private const int UsualRounds = 7;
    private const int UsualSeconds = 2;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var rounds = Number("--rounds", "Rounds, in each of which every guest has its turn.", UsualRounds);
        var seconds = Number("--seconds", "Length of one measurement.", UsualSeconds);
        var processors = Processors();
        var filter = Filter("bulk");
        var extra = new Option<string[]>("--qemu") { Description = "A further argument for QEMU, as in --qemu=-global --qemu=virtio-net-pci.host_tso4=off.", HelpName = "ARG", DefaultValueFactory = _ => [] };
        var noDocs = new Option<bool>("--no-docs") { Description = "Print only; do not write docs/benchmarks.md." };
        var command = new Command("net", "Streams and HTTP beside the same program in a Linux guest, in turn at one tap in a network namespace; needs root.")
        {
            rounds, seconds, processors, filter, extra, noDocs,
        };
        command.SetAction(async (result, cancellation) =>
        {
            await SystemPackages.RequireAsync(
                [.. SystemPackages.Running, .. SystemPackages.Measuring, .. SystemPackages.Testing], cancellation).ConfigureAwait(false);
            var only = result.GetValue(filter);
            var arguments = result.GetValue(extra) ?? [];
            // What is not the whole, or not the usual machine, is not for the page.
            var writes = !result.GetValue(noDocs) && only is null && arguments.Length == 0;
            await new NetBenchmark(
                Repository.Locate(),
                new NetBenchmarkOptions(result.GetValue(rounds), result.GetValue(seconds), result.GetValue(processors) ?? [], only, arguments, writes))
                .RunAsync(cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return command;
    }

    internal static Option<int[]> Processors()
    {
        var option = new Option<int[]>("--cpus") { Description = "Guests of so many processors.", HelpName = "N", DefaultValueFactory = _ => [1, 2], AllowMultipleArgumentsPerToken = true };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int[]>() is { } numbers && numbers.Any(number => number < 1))
            {
                result.AddError("--cpus starts at 1, as in --cpus 1 2.");
            }
        });
        return option;
    }

    internal static Option<string?> Filter(string example) =>
        new("--filter") { Description = $"Only rows whose names contain this, as in --filter {example}; the page in docs is left alone.", HelpName = "TEXT" };

    internal static Option<int> Number(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"{name} starts at 1.");
            }
        });
        return option;
    }
}
