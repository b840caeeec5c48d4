using System.Globalization;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>Time from the start of QEMU to the first HTTP 200, ours and Linux's guest in turn so that the host's moods hit both alike;
/// the size of the image; the smallest memory that still answers. docs/benchmarks.md says how and why.</summary>
public sealed class BootBenchmark(Repository repository)
{
    private const double TimeBar = 1.0 / 8;
    private const double TimeAim = 1.0 / 10;
    private const double SizeBar = 12;
    private const int MemoryBar = 48;
    private const int MemoryAim = 32;
    private const int LeastMemory = 16;
    private const int MostMemory = 256;
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);
    private static readonly (GuestMachine Machine, int Processors)[] _machines =
        [(GuestMachine.Q35, 2), (GuestMachine.Q35, 1), (GuestMachine.MicroVm, 2), (GuestMachine.MicroVm, 1)];

    /// <summary>Runs, and prints the tables.</summary>
    /// <param name="app">The program in both guests.</param>
    /// <param name="runs">Runs of each guest on each machine.</param>
    /// <param name="memory">Megabytes of each guest where time is measured.</param>
    /// <param name="findFloor">Whether the smallest memory is searched too.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(App app, int runs, int memory, bool findFloor, CancellationToken cancellation)
    {
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        var peer = await new PeerBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false);
        var record = await BenchmarkRecord.CreateAsync(repository, "boot", cancellation).ConfigureAwait(false);
        Contestant[] contestants = [Contestant.Troupe(image), Contestant.Linux(peer)];
        List<IReadOnlyList<string>> verdicts = [];

        var times = await TimeAsync(contestants, runs, memory, record, cancellation).ConfigureAwait(false);
        Console.WriteLine($"{app.Name}: QEMU start to first HTTP 200, {runs} interleaved runs, {memory} MB, -cpu max,-erms, TCG");
        Output.Table(["machine", "processors", "guest", "median", "fastest", "slowest", "silent", "troupe / linux"], Rows(contestants, times));
        foreach (var (machine, processors) in _machines.Where(pair => pair.Machine == GuestMachine.Q35))
        {
            var ratio = Ratio(contestants, times, machine, processors);
            verdicts.Add([$"time on q35, {processors} processors", Fraction(ratio), "<= 1/8", Verdict(ratio <= TimeBar), Verdict(ratio < TimeAim) + " (< 1/10)"]);
        }

        var size = new FileInfo(image.Elf).Length / 1e6;
        verdicts.Add(["stripped image", Sample.Text(size, "0.00", " MB"), "<= 12 MB", Verdict(size <= SizeBar), string.Empty]);
        record.Add(new { image = image.Elf, megabytes = size });
        if (findFloor)
        {
            await FloorAsync(contestants[0], Contestant.Linux(peer, packed: true), verdicts, record, cancellation).ConfigureAwait(false);
        }

        Console.WriteLine();
        Output.Table(["what", "measured", "bar", "", "aim"], verdicts);
        record.Close();
    }

    private static async Task<Dictionary<(Contestant, GuestMachine, int), (Sample Times, int Silent)>> TimeAsync(
        Contestant[] contestants, int runs, int memory, BenchmarkRecord record, CancellationToken cancellation)
    {
        var times = new Dictionary<(Contestant, GuestMachine, int), (Sample Times, int Silent)>();
        for (var run = 1; run <= runs; run++)
        {
            Output.Say($"boot: run {run} of {runs}, load {BenchmarkRecord.Load}");
            foreach (var (machine, processors) in _machines)
            {
                foreach (var contestant in contestants)
                {
                    var load = BenchmarkRecord.Load;
                    var time = await FirstAnswer.MeasureAsync(contestant.On(machine, processors, memory), _longest, cancellation).ConfigureAwait(false);
                    record.Add(new { guest = contestant.Name, machine = machine.ToString(), processors, memory, run, load, milliseconds = time?.TotalMilliseconds });
                    var (sample, silent) = times.GetValueOrDefault((contestant, machine, processors), (new Sample(), 0));
                    if (time is { } answered)
                    {
                        sample.Add(answered.TotalMilliseconds);
                    }
                    else
                    {
                        silent++;
                    }

                    times[(contestant, machine, processors)] = (sample, silent);
                }
            }
        }

        return times;
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(
        Contestant[] contestants, Dictionary<(Contestant, GuestMachine, int), (Sample Times, int Silent)> times)
    {
        foreach (var (machine, processors) in _machines)
        {
            foreach (var contestant in contestants)
            {
                var (sample, silent) = times[(contestant, machine, processors)];
                yield return
                [
                    machine == GuestMachine.Q35 ? "q35, qboot" : "microvm", processors == 1 ? "1,maxcpus=2" : $"{processors}", contestant.Name,
                    Sample.Text(sample.Median, "0", " ms"), Sample.Text(sample.Least, "0", " ms"), Sample.Text(sample.Most, "0", " ms"), $"{silent}",
                    contestant == contestants[0] ? Fraction(Ratio(contestants, times, machine, processors)) : string.Empty,
                ];
            }
        }
    }

    private static double Ratio(
        Contestant[] contestants, Dictionary<(Contestant, GuestMachine, int), (Sample Times, int Silent)> times, GuestMachine machine, int processors) =>
        times[(contestants[0], machine, processors)].Times.Median / times[(contestants[1], machine, processors)].Times.Median;

    private static async Task FloorAsync(
        Contestant troupe, Contestant linux, List<IReadOnlyList<string>> verdicts, BenchmarkRecord record, CancellationToken cancellation)
    {
        foreach (var processors in (int[])[1, 2])
        {
            Output.Say($"boot: searching the smallest memory, {processors} processor(s)");
            var ours = await MemoryFloor.FindAsync(troupe, GuestMachine.Q35, processors, LeastMemory, MostMemory, step: 1, record.Add, cancellation).ConfigureAwait(false);
            var theirs = await MemoryFloor.FindAsync(linux, GuestMachine.Q35, processors, LeastMemory, MostMemory, step: 4, record.Add, cancellation).ConfigureAwait(false);
            verdicts.Add(
            [
                $"smallest memory, {processors} processors", $"{Megabytes(ours)} (linux, packed kernel: {Megabytes(theirs)})", $"<= {MemoryBar} MB",
                Verdict(ours <= MemoryBar), Verdict(ours <= MemoryAim) + $" (<= {MemoryAim} MB)",
            ]);
        }
    }

    private static string Verdict(bool met) => met ? "PASS" : "MISS";

    private static string Fraction(double ratio) => double.IsNaN(ratio) ? "-" : string.Create(CultureInfo.InvariantCulture, $"1/{1 / ratio:0.0}");

    private static string Megabytes(int? memory) => memory is null ? $"more than {MostMemory} MB" : $"{memory} MB";
}
