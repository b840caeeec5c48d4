using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

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
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
        if (traced)
            StartTracing(system);
        var done = new TaskCompletionSource();
        var left = new Player(done);
        var right = new Player(done);
        ActorRef<Ball> leftRef = system.Spawn(left);
        right.Other = leftRef;
        left.Other = system.Spawn(right);
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        leftRef.Tell(new Ball(Messages, 0, 0, 0));
        await done.Task;
        double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Messages;
        return (time, (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Messages);
    }

    /// <summary>Apart: a runtime without tracing does not have what it calls.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StartTracing(ActorSystem system) => system.StartTracing();

    private static void Print(string name, List<(double Time, double Bytes)> values)
    {
        double[] times = [.. values.Select(static value => value.Time).Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"tracing {name,-4} {times[times.Length / 2],7:F1} ns a message (from {times[0]:F1} to {times[^1]:F1}), {values.Max(static value => value.Bytes):F3} bytes allocated"));
    }

    private readonly record struct Ball(long Left, long First, long Second, long Third);

    private sealed class Player(TaskCompletionSource done) : Actor<Ball>
    {
        internal ActorRef<Ball>? Other { get; set; }

        protected override ValueTask ReceiveAsync(Ball message)
        {
            if (message.Left <= 1)
                done.SetResult();
            else
                Other!.Tell(message with { Left = message.Left - 1 });
            return default;
        }
    }
}
