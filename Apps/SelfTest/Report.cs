using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>The kernel's counters as one line each: the soak command reads them.</summary>
internal static class Report
{
    private const int CausesShown = 12;

    internal static void Print()
    {
        var statistics = GuestMachine.Statistics;
        Console.WriteLine($"uptime {statistics.Uptime / 1_000_000} ms, threads {statistics.Threads}");
        Console.WriteLine($"switches {statistics.ContextSwitches}, wake-ups {statistics.WakeUps}, preemptions {statistics.Preemptions}, steals {statistics.Steals}");
        Console.WriteLine($"interrupts {statistics.Interrupts}, system calls {statistics.SystemCalls}, page faults {statistics.PageFaults}, shootdowns {statistics.Shootdowns}");
        Console.WriteLine($"collections {GC.CollectionCount(0)}, allocated {GC.GetTotalAllocatedBytes() / 1024} KiB");
        Console.WriteLine($"frames {statistics.TotalFrames}, free {statistics.FreeFrames}, peak {statistics.PeakFrames}");
        PrintInterruptsOff(GuestMachine.InterruptsOff);
    }

    // Tools/Troupe/Commands/InterruptsOffPhase.cs and the guest's test read these lines.
    private static void PrintInterruptsOff(InterruptsOffReport report)
    {
        long bar = report.TicksPerSecond / 1000;
        Console.WriteLine($"interrupts off {report.Count} times: half below {Time(0.5)}, 99 % below {Time(0.99)}, 99.9 % below {Time(0.999)}, 99.99 % below {Time(0.9999)}; above 1 ms {report.CountAbove(bar)} times");
        foreach ((string cause, long ticks) in report.Longest.Take(CausesShown))
        {
            Console.WriteLine($"interrupts off at most {ticks} ticks, {Microseconds(ticks):F1} us, in {cause}");
        }

        string Time(double share) => $"{Microseconds(report.Percentile(share)):F1} us";
        double Microseconds(long ticks) => ticks * 1e6 / report.TicksPerSecond;
    }
}
