using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>How long interrupts were off, on all processors since boot: each stay in the kernel half, from its entry to the thread that goes on.</summary>
/// <remarks>
/// Wall time: a stay of a virtual processor that the host did not run meanwhile looks long. Where the time-stamp counter counts instructions
/// (QEMU's <c>-icount shift=0</c>), ticks are instructions and depend on nothing else.
/// </remarks>
public sealed unsafe class InterruptsOffReport
{
    private readonly long[] _counts = new long[InterruptsOff.Classes];

    internal InterruptsOffReport()
    {
        ulong[] longest = new ulong[InterruptsOff.Causes];
        InterruptsOff record = default;
        for (int processor = 0; KernelCalls.Call(HostCall.MachineFact, MachineFact.InterruptsOff, processor, (long)&record, 0, 0) == 0; processor++)
        {
            TicksPerSecond = (long)record.Frequency;
            for (int i = 0; i < _counts.Length; i++)
            {
                _counts[i] += record.Counts[i];
            }

            for (int i = 0; i < longest.Length; i++)
            {
                longest[i] = Math.Max(longest[i], record.Longest[i]);
            }
        }

        Count = _counts.Sum();
        Longest = [.. longest.Select((ticks, cause) => (EntryCause.Name(cause), (long)ticks)).Where(stay => stay.Item2 > 0).OrderByDescending(stay => stay.Item2)];
    }

    /// <summary>Ticks a second.</summary>
    public long TicksPerSecond { get; }

    /// <summary>How many stays there were.</summary>
    public long Count { get; }

    /// <summary>The longest stay of each cause that occurred, longest first.</summary>
    public IReadOnlyList<(string Cause, long Ticks)> Longest { get; }

    /// <summary>A length in ticks that so many of all stays (0 to 1) do not exceed: the end of a class, at most a quarter too high.</summary>
    public long Percentile(double share)
    {
        long left = (long)Math.Ceiling(share * Count);
        int index = 0;
        while (index < _counts.Length - 1 && (left -= _counts[index]) > 0)
        {
            index++;
        }

        return (long)InterruptsOff.EndOf(index);
    }

    /// <summary>How many stays were longer than some length; those in its class are not counted.</summary>
    public long CountAbove(long ticks)
    {
        long count = 0;
        for (int i = InterruptsOff.ClassOf((ulong)ticks) + 1; i < _counts.Length; i++)
        {
            count += _counts[i];
        }

        return count;
    }
}
