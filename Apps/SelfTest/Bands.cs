using System.Diagnostics;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Bands are shares, never strict: a thread in the low band that holds what high-band threads spin for gets on with it, and a
/// collection finishes while a low-band thread is in its way. Bars: 100 ms each (times of an emulated processor, so the median of several).
/// </summary>
internal static class Bands
{
    private const int Rounds = 15;
    private const double Bar = 100;

    internal static bool Run()
    {
        double lockTime = Median(HolderAgainstSpinners), collectTime = Median(CollectionAgainstSpinners);
        Console.WriteLine($"a low-band lock holder finishes in {lockTime:F1} ms, a collection in {collectTime:F1} ms (medians of {Rounds}; bar {Bar} ms)");
        return lockTime < Bar && collectTime < Bar;
    }

    private static double Median(Func<double> measure)
    {
        var times = Enumerable.Range(0, Rounds).Select(_ => measure()).Order().ToArray();
        return times[Rounds / 2];
    }

    private static double HolderAgainstSpinners()
    {
        int held = 0;
        using var taken = new ManualResetEventSlim();
        double milliseconds = 0;
        var holder = new Thread(() =>
        {
            LinuxThread.TrySetPriority(0, LinuxThread.LowPriority);
            Volatile.Write(ref held, 1);
            var watch = Stopwatch.StartNew();
            taken.Set();
            Work(200_000);
            Volatile.Write(ref held, 0);
            milliseconds = watch.Elapsed.TotalMilliseconds;
        });
        holder.Start();
        taken.Wait();
        var spinners = Spinners(() => Volatile.Read(ref held) != 0);
        holder.Join();
        spinners.ForEach(thread => thread.Join());
        return milliseconds;
    }

    private static double CollectionAgainstSpinners()
    {
        int running = 1;
        var spinners = Spinners(() => Volatile.Read(ref running) != 0);
        double milliseconds = 0;
        var collector = new Thread(() =>
        {
            LinuxThread.TrySetPriority(0, LinuxThread.LowPriority);
            var watch = Stopwatch.StartNew();
            GC.Collect();
            milliseconds = watch.Elapsed.TotalMilliseconds;
        });
        collector.Start();
        collector.Join();
        Volatile.Write(ref running, 0);
        spinners.ForEach(thread => thread.Join());
        return milliseconds;
    }

    // One more than there are processors: the low band never finds an idle one.
    private static List<Thread> Spinners(Func<bool> keepOn)
    {
        var threads = Enumerable.Range(0, Environment.ProcessorCount + 1).Select(_ => new Thread(() =>
        {
            LinuxThread.TrySetPriority(0, LinuxThread.HighPriority);
            while (keepOn())
            {
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        return threads;
    }

    private static void Work(int steps)
    {
        double sum = 0;
        for (int i = 1; i < steps; i++)
        {
            sum += Math.Sqrt(i);
        }

        if (sum < 0)
        {
            Console.WriteLine(sum);
        }
    }
}
