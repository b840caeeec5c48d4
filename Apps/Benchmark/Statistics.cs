using System.Globalization;
using System.Text;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;
using Troupe.Smp.Kernel;

namespace Troupe.Apps.Benchmark;

/// <summary>What the machine counted since it started: a name and a number a line.</summary>
internal static class Statistics
{
    // proc(5): "ctxt" is the number of context switches since boot.
    private const string LinuxStatistics = "/proc/stat";
    private const string LinuxSwitches = "ctxt ";

    public static string Read(CollectionPauses pauses)
    {
        StringBuilder text = new();
        if (Machine.IsImage)
            AddKernel(text);
        else
            AddLinux(text);
        Add(text, "allocated-bytes", GC.GetTotalAllocatedBytes());
        (int noted, long missed) = pauses.Count;
        Add(text, "collections", noted);
        Add(text, "collections-missed", missed);
        Add(text, "pause-p50-microseconds", Microseconds(pauses.Percentile(0.5)));
        Add(text, "pause-p99-microseconds", Microseconds(pauses.Percentile(0.99)));
        Add(text, "pause-max-microseconds", Microseconds(pauses.Percentile(1)));
        Add(text, "pause-total-microseconds", Microseconds(GC.GetTotalPauseDuration()));
        return text.ToString();
    }

    private static void AddKernel(StringBuilder text)
    {
        KernelStatistics kernel = GuestMachine.Statistics;
        Add(text, "context-switches", kernel.ContextSwitches);
        Add(text, "wake-ups", kernel.WakeUps);
        Add(text, "preemptions", kernel.Preemptions);
        Add(text, "steals", kernel.Steals);
        Add(text, "interrupts", kernel.Interrupts);
        Add(text, "system-calls", kernel.SystemCalls);
        Add(text, "page-faults", kernel.PageFaults);
        Add(text, "shootdowns", kernel.Shootdowns);
        InterruptsOffReport off = GuestMachine.InterruptsOff;
        Add(text, "longest-interrupts-off-nanoseconds", (long)(off.Longest[0].Ticks * 1e9 / off.TicksPerSecond));
        Add(text, "idle-nanoseconds", kernel.IdleTime);
        Add(text, "uptime-nanoseconds", kernel.Uptime);
        Add(text, "peak-frames", kernel.PeakFrames);
    }

    private static void AddLinux(StringBuilder text)
    {
        foreach (string line in File.ReadLines(LinuxStatistics))
        {
            if (line.StartsWith(LinuxSwitches, StringComparison.Ordinal))
                Add(text, "context-switches", long.Parse(line.AsSpan(LinuxSwitches.Length), CultureInfo.InvariantCulture));
        }
    }

    private static long Microseconds(TimeSpan span) => (long)span.TotalMicroseconds;

    private static void Add(StringBuilder text, string name, long value) =>
        text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
