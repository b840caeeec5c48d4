using System.Diagnostics;
using System.Globalization;

namespace Troupe.Actors.Benchmarks;

/// <summary>
/// What tracing costs a message: ping-pong with one in flight, off and on interleaved, and what each allocates. With <c>off</c> only the first, for a
/// comparison with another build of the runtime.
/// </summary>
internal static class TracingCost
{
    private const int Messages = 1_000_000;

    internal static async Task RunAsync(int runs, bool onlyOff)
    {
        var off = new List<(double Time, double Bytes)>();
        var on = new List<(double Time, double Bytes)>();
        for (int round = 0; round <= runs; round++)
        {
            (double, double) without = await Measure(traced: false);
            (double, double) with = onlyOff ? default : await Measure(traced: true);
            // The first of each warms up.
            if (round == 0)
                continue;
            off.Add(without);
            on.Add(with);
        }

        Print("off", off);
        if (!onlyOff)
            Print("on", on);
    }

    private static async Task<(double Time, double Bytes)> Measure(bool traced)
    {
        await using var contender = new TroupeContender(1);
        if (traced)
            contender.StartTracing();
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        await contender.PingPong(Messages, 1);
        double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Messages;
        return (time, (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Messages);
    }

    private static void Print(string name, List<(double Time, double Bytes)> values)
    {
        double[] times = [.. values.Select(static value => value.Time).Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"tracing {name,-4} {times[times.Length / 2],7:F1} ns a message (from {times[0]:F1} to {times[^1]:F1}), {values.Max(static value => value.Bytes):F3} bytes allocated"));
    }
}
