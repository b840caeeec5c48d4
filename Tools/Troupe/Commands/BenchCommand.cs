using System.CommandLine;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Benchmarks.Actors;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe bench NAME</c>: measurements that are printed, with the bars they are held against; missing one is no error.</summary>
public static class BenchCommand
{
    private const int BootRuns = 9;
    private const int HttpRuns = 3;
    private const int HttpSeconds = 8;
    private const int Memory = 256;
    private const int Swaps = 1_000;
    private const int MillionActors = 1_000_000;
    private const int MillionGigabytes = 8;

    /// <summary>Creates the command.</summary>
    public static Command Create() => new("bench", "Measure, side by side with what others offer.")
    {
        Boot(), Http(), BenchNetCommand.Create(), BenchIoCommand.Create(), Actors(), Million(), Swap(), BenchActorCommands.Preempt(), BenchActorCommands.Supervision(),
    };

    private static Command Boot()
    {
        var runs = Runs(BootRuns);
        var memory = MemoryOption();
        var noFloor = new Option<bool>("--no-memory") { Description = "Do not search the smallest memory that still answers." };
        var boot = new Command("boot", "Time from the start of QEMU to the first HTTP 200 of Apps/Hello, size of its image, smallest memory.") { runs, memory, noFloor };
        boot.SetAction(async (result, cancellation) =>
        {
            var repository = await PrepareAsync(cancellation).ConfigureAwait(false);
            await new BootBenchmark(repository).RunAsync(
                repository.FindApp("Hello"), result.GetValue(runs), result.GetValue(memory), !result.GetValue(noFloor), cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return boot;
    }

    private static Command Http()
    {
        var runs = Runs(HttpRuns);
        var memory = MemoryOption();
        var seconds = new Option<int>("--seconds") { Description = "Length of a run.", HelpName = "N", DefaultValueFactory = _ => HttpSeconds };
        seconds.Validators.Add(AtLeast(1));
        var http = new Command("http", "Requests a second of Apps/Benchmark on 1 and 2 processors, what a request costs, pauses of the collector.") { runs, seconds, memory };
        http.SetAction(async (result, cancellation) =>
        {
            var repository = await PrepareAsync(cancellation).ConfigureAwait(false);
            await new HttpBenchmark(repository).RunAsync(
                repository.FindApp("Benchmark"), result.GetValue(runs), result.GetValue(seconds), result.GetValue(memory), cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return http;
    }

    private static Command Swap()
    {
        var swaps = new Option<int>("--swaps") { Description = "How many swaps in each of the two runs.", HelpName = "N", DefaultValueFactory = _ => Swaps };
        swaps.Validators.Add(AtLeast(1));
        var swap = new Command("swap", "Hot swaps under load, hosted: messages kept, old assemblies collected, pauses; then again with failing imports.") { swaps };
        swap.SetAction((result, cancellation) => new SwapBenchmark(Repository.Locate()).RunAsync(result.GetValue(swaps), cancellation));
        return swap;
    }

    private static Command Actors()
    {
        var runs = Runs(ActorBenchmark.UsualRuns);
        var rows = new Option<string[]>("--rows")
        {
            Description = "Only rows whose names begin so, as in --rows ring savina; the page in docs is left alone.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var part = new Option<double>("--part") { Description = "The part of the usual work to do in a run, for a quick look.", HelpName = "P", DefaultValueFactory = _ => 1 };
        part.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 1))
            {
                result.AddError("--part is more than 0 and at most 1.");
            }
        });
        var noDocs = new Option<bool>("--no-docs") { Description = "Print only; do not write docs/benchmarks.md." };
        var actors = new Command("actors", "Actors hosted here, beside Akka.NET, Proto.Actor, channels with tasks, and Erlang where it is installed, on one processor and on two.")
        {
            runs, rows, part, noDocs,
        };
        actors.SetAction(async (result, cancellation) =>
        {
            var options = new ActorBenchmarkOptions(result.GetValue(runs), result.GetValue(part), result.GetValue(rows) ?? [], result.GetValue(noDocs));
            await new ActorBenchmark(Repository.Locate()).RunAsync(options, cancellation).ConfigureAwait(false);
            return ExitCodes.Success;
        });
        return actors;
    }

    private static Command Million()
    {
        var count = new Option<int>("--actors") { Description = "How many.", HelpName = "N", DefaultValueFactory = _ => MillionActors };
        count.Validators.Add(AtLeast(1));
        var gigabytes = new Option<int>("--gigabytes") { Description = "How large the heap may grow.", HelpName = "GB", DefaultValueFactory = _ => MillionGigabytes };
        gigabytes.Validators.Add(AtLeast(1));
        var million = new Command("million", "A million actors at once; each answers one message, and what an actor takes is said.") { count, gigabytes };
        million.SetAction(async (result, cancellation) =>
            await new MillionBenchmark(Repository.Locate()).RunAsync(result.GetValue(count), result.GetValue(gigabytes), cancellation).ConfigureAwait(false)
                ? ExitCodes.Success
                : ExitCodes.Failure);
        return million;
    }

    private static async Task<Repository> PrepareAsync(CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        await SystemPackages.RequireAsync([.. SystemPackages.Running, .. SystemPackages.Measuring], cancellation).ConfigureAwait(false);
        return repository;
    }

    private static Option<int> Runs(int usual)
    {
        var option = new Option<int>("--runs") { Description = "Runs of each, in turn.", HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(AtLeast(1));
        return option;
    }

    private static Option<int> MemoryOption()
    {
        var option = new Option<int>("--memory", "-m") { Description = "Megabytes of memory of each guest.", HelpName = "MB", DefaultValueFactory = _ => Memory };
        option.Validators.Add(AtLeast(GuestSymbols.LeastMemory));
        return option;
    }

    private static Action<System.CommandLine.Parsing.OptionResult> AtLeast(int least) => result =>
    {
        if (result.GetValueOrDefault<int>() < least)
        {
            result.AddError($"{result.Option.Name} starts at {least}.");
        }
    };
}
