namespace Troupe.Smp.Kernel.Waiting;

/// <summary>How the futex code reads the word that user code waits on.</summary>
public interface IUserWord
{
    /// <summary>
    /// Reads 32 bits with acquire ordering. Called with a spinlock held, so a page that is not there is not brought in:
    /// the answer is no, and the caller of the futex operation resolves the fault and tries again.
    /// </summary>
    static abstract bool TryRead(ulong address, out uint value);
}
