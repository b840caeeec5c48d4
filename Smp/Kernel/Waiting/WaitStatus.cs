namespace Troupe.Smp.Kernel.Waiting;

/// <summary>What became of an attempt to wait, or of another futex operation.</summary>
public enum WaitStatus
{
    /// <summary>Wait: the thread sleeps and belongs to whoever wakes it; its result will be in its RAX. Otherwise: done.</summary>
    Done = 0,

    /// <summary>The word does not hold the expected value: EAGAIN.</summary>
    ValueChanged = 1,

    /// <summary>The word could not be read: resolve the fault and call again, or EFAULT.</summary>
    Faulted = 2,

    /// <summary>The deadline has passed already: ETIMEDOUT (a plain sleep: success).</summary>
    TimedOut = 3,

    /// <summary>A signal that is not blocked is pending: EINTR.</summary>
    Interrupted = 4,
}
