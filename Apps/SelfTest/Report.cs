using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>The kernel's counters as one line each: the soak command reads them.</summary>
internal static class Report
{
    internal static void Print()
    {
        var statistics = GuestMachine.Statistics;
        Console.WriteLine($"uptime {statistics.Uptime / 1_000_000} ms, threads {statistics.Threads}");
        Console.WriteLine($"switches {statistics.ContextSwitches}, wake-ups {statistics.WakeUps}, preemptions {statistics.Preemptions}, steals {statistics.Steals}");
        Console.WriteLine($"interrupts {statistics.Interrupts}, system calls {statistics.SystemCalls}, page faults {statistics.PageFaults}, shootdowns {statistics.Shootdowns}");
        Console.WriteLine($"longest interrupts-off {statistics.LongestInterruptsOff / 1000} us (cause {statistics.LongestCause})");
        Console.WriteLine($"collections {GC.CollectionCount(0)}, allocated {GC.GetTotalAllocatedBytes() / 1024} KiB");
        Console.WriteLine($"frames {statistics.TotalFrames}, free {statistics.FreeFrames}, peak {statistics.PeakFrames}");
    }
}
