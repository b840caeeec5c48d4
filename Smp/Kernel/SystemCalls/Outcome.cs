namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>What a system call may answer besides a value: outside every range that Linux's callers understand.</summary>
internal static class Outcome
{
    /// <summary>The thread is on a queue now and belongs to whoever takes it off: do not touch it.</summary>
    internal const long Blocked = long.MinValue;

    /// <summary>The registers are already as they should be.</summary>
    internal const long RegistersSet = long.MinValue + 1;

    /// <summary>Not done yet (a bounded piece of a long call, or a wait that is over): run the call again from its start, after whatever else is due.</summary>
    internal const long Again = long.MinValue + 2;

    /// <summary>The thread stays ready but gives its processor away; the call's value is 0.</summary>
    internal const long Yielded = long.MinValue + 3;

    /// <summary>The thread has ended.</summary>
    internal const long Exited = long.MinValue + 4;
}
