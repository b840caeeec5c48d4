using Troupe.Core.Memory;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>A word that one thread at a time parks on: a futex (man 2 futex) with the permit of <see cref="Actors.IParker"/>.</summary>
/// <remarks>
/// The parking thread takes the permit or announces itself, both by atomic operations with full fences, and the kernel looks at the word once more
/// before it lets the thread sleep; who unparks leaves the permit first and then wakes. In the guest, interrupts leave the permit too.
/// </remarks>
internal static class ParkingWord<TMemory, TFutex>
    where TMemory : struct, IMemory
    where TFutex : struct, IFutex
{
    /// <summary>Takes the permit, if there is one; what came before it is seen then.</summary>
    internal static bool TryTake(ref int word) => TMemory.Exchange(ref word, WorkerBlock.Empty) == WorkerBlock.Permit;

    /// <summary>Sleeps until there is a permit or the time is over; early returns (a signal) are allowed. The holder only.</summary>
    internal static void Sleep(ref int word, TimeSpan timeout)
    {
        if (TMemory.CompareExchange(ref word, WorkerBlock.Parked, WorkerBlock.Empty) == WorkerBlock.Empty)
        {
            TFutex.Wait(ref word, WorkerBlock.Parked, timeout);
        }

        TMemory.Exchange(ref word, WorkerBlock.Empty);
    }

    /// <summary>Leaves a permit and wakes who sleeps. Any thread.</summary>
    internal static void Unpark(ref int word)
    {
        if (TMemory.Exchange(ref word, WorkerBlock.Permit) == WorkerBlock.Parked)
        {
            TFutex.Wake(ref word);
        }
    }
}
