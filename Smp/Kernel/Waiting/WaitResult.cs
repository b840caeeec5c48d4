namespace Troupe.Smp.Kernel.Waiting;

/// <summary>What a woken thread finds in RAX: Linux's numbers (asm-generic/errno-base.h, errno.h), negated.</summary>
public static class WaitResult
{
    /// <summary>Woken, or slept to the end.</summary>
    public const long Woken = 0;

    /// <summary>EINTR.</summary>
    public const long Interrupted = -4;

    /// <summary>ETIMEDOUT.</summary>
    public const long TimedOut = -110;
}
