using System.CommandLine;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe bench NAME</c>: measurements that are printed, not judged.</summary>
public static class BenchCommand
{
    private const int Rounds = 9;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "Runs of each guest, in turn.", HelpName = "N", DefaultValueFactory = _ => Rounds };
        var boot = new Command("boot", "Time from the start of QEMU to the first HTTP 200 of Apps/Hello, and the image's size.") { rounds };
        boot.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            var app = repository.FindApp("Hello");
            await SystemPackages.RequireAsync(SystemPackages.Running, cancellation).ConfigureAwait(false);
            await new BootBenchmark(repository).RunAsync(app, Math.Max(1, result.GetValue(rounds)), cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return new Command("bench", "Measure.") { boot };
    }
}
