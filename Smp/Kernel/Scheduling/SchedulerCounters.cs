namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>What one processor's scheduler has done: written by that processor only, read by anyone for reports.</summary>
public struct SchedulerCounters
{
    /// <summary>A thread other than the one before was put on the processor.</summary>
    public long ContextSwitches;

    /// <summary>A thread that could have gone on was put back on the queue.</summary>
    public long Preemptions;

    /// <summary>Calls of sched_yield.</summary>
    public long Yields;

    /// <summary>Threads taken from another processor's queue.</summary>
    public long Steals;

    /// <summary>Threads handed to a processor with fewer.</summary>
    public long Migrations;

    /// <summary>Threads made ready by this processor.</summary>
    public long Wakeups;

    /// <summary>Reschedule interrupts sent by this processor.</summary>
    public long InterruptsSent;

    /// <summary>Times the processor went idle.</summary>
    public long IdleEntries;

    /// <summary>Nanoseconds spent idle.</summary>
    public long IdleTime;
}
