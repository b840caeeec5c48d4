using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// A test-and-test-and-set lock for the kernel half. Taken with interrupts off and never across a wait.
/// A spinning processor answers TLB shootdowns (<see cref="IProcessors.Pause"/>), so a holder may wait for one.
/// The order in which locks nest is written in docs/locking.md.
/// </summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
public struct SpinLock<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private int _held;

    /// <summary>Spins until the lock is ours.</summary>
    public void Acquire()
    {
        while (TMemory.Exchange(ref _held, 1) != 0)
        {
            while (TMemory.LoadAcquire(ref _held) != 0)
            {
                TProcessors.Pause();
            }
        }
    }

    /// <summary>Takes the lock if it is free.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool TryAcquire() => TMemory.LoadAcquire(ref _held) == 0 && TMemory.Exchange(ref _held, 1) == 0;

    /// <summary>Gives the lock back; what was written under it is visible to the next holder.</summary>
    public void Release() => TMemory.StoreRelease(ref _held, 0);

    /// <summary>Whether somebody holds it: for assertions and for the panic path.</summary>
    public bool IsHeld => TMemory.LoadAcquire(ref _held) != 0;
}
