using System.Diagnostics;
using Troupe.Actors.Benchmarks.Savina;

namespace Troupe.Actors.Benchmarks;

/// <summary>A row of the table: what is measured, on any contender. The names are known to <c>./troupe bench actors</c>.</summary>
/// <param name="Name">The name by which it is asked for.</param>
/// <param name="MeasureAsync">Nanoseconds a message, bytes, or milliseconds a run; the second argument is the part of the usual work to do.</param>
internal sealed record Row(string Name, Func<IContender, double, Task<double>> MeasureAsync)
{
    private const int Messages = 300_000;
    private const int Actors = 20_000;
    private const int IdleActors = 100_000;

    /// <summary>Before the clock runs, the same parties do this part of the work.</summary>
    private const int WarmPart = 20;

    internal static IReadOnlyList<Row> All { get; } =
    [
        Timed("ping-pong-1", Messages, static contender => contender.PingPong(1)),
        Timed("ping-pong-100", Messages, static contender => contender.PingPong(100)),
        Timed("fan-out-100", Messages, static contender => contender.FanOut(100)),
        Timed("fan-in-100", Messages, static contender => contender.FanIn(100)),
        .. Enumerable.Range(0, 8).Select(static power => Timed($"contended-{1 << power}", Messages, contender => contender.FanIn(1 << power))),
        Timed("ring-1", Messages, static contender => contender.Ring(1000, 1)),
        Timed("ring-100", Messages, static contender => contender.Ring(1000, 100)),
        Timed("create", Actors, static contender => contender.Create()),
        Timed("create-and-tell", Actors, static contender => contender.CreateAndTell()),
        Timed("request-reply", Messages / 3, static contender => contender.Ask()),
        new("idle-bytes", IdleBytesAsync),
        new("message-bytes", MessageBytesAsync),
        .. SavinaBenchmark.All.Select(static benchmark => new Row(benchmark.Name, (contender, part) => SavinaAsync(benchmark, contender, part))),
    ];

    private static Row Timed(string name, int size, Func<IContender, IScenario> create) => new(name, async (contender, part) =>
    {
        int scaled = Math.Max(1, (int)(size * part));
        await using IScenario scenario = create(contender);
        await scenario.Run(Math.Max(1, scaled / WarmPart));
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        long passed = await scenario.Run(scaled);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / passed;
    });

    /// <summary>What the heap grows by for a party that has started and received nothing.</summary>
    private static async Task<double> IdleBytesAsync(IContender contender, double part)
    {
        int parties = Math.Max(1000, (int)(IdleActors * part));
        // What earlier runs left in queues and pools would be given back meanwhile.
        await using IContender fresh = contender.Another();
        await using IAsyncDisposable first = await fresh.Idle(parties / 10);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await using IAsyncDisposable idle = await fresh.Idle(parties);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        return (double)(after - before) / parties;
    }

    private static async Task<double> MessageBytesAsync(IContender contender, double part)
    {
        int messages = Math.Max(1, (int)(Messages * part));
        await using IScenario scenario = contender.PingPong(1);
        await scenario.Run(Math.Max(1, messages / WarmPart));
        long before = GC.GetTotalAllocatedBytes(precise: true);
        long passed = await scenario.Run(messages);
        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / passed;
    }

    private static async Task<double> SavinaAsync(SavinaBenchmark benchmark, IContender contender, double part)
    {
        int size = Math.Max(1, (int)(benchmark.Size * part));
        GC.Collect();
        return (await contender.RunAsync(benchmark, size)).TotalMilliseconds;
    }
}
