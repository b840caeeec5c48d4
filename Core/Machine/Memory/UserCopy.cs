using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The only way in which the kernel touches memory that a system call names. Touching it beforehand would not do: without a big lock another
/// processor may unmap it in between. So the copy itself may fault; a page that can be fetched is fetched and the copy goes on, anything else
/// is EFAULT.
/// </summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TPhysical">The seam to RAM.</typeparam>
/// <typeparam name="TTranslation">The translation seam.</typeparam>
/// <typeparam name="TCopy">The copy routine.</typeparam>
public static unsafe class UserCopy<TMemory, TProcessors, TPhysical, TTranslation, TCopy>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
    where TTranslation : struct, ITranslation
    where TCopy : struct, IFaultingCopy
{
    // A page that was fetched can be taken away again before the copy comes to it; nobody does that so often by accident.
    private const int FetchesWithoutProgress = 64;

    /// <summary>Copies from the runtime's memory.</summary>
    /// <param name="space">Where missing pages come from.</param>
    /// <param name="destination">The kernel's own memory.</param>
    /// <param name="source">The address the call gave.</param>
    /// <param name="bytes">How many.</param>
    /// <returns>False: EFAULT; how much was copied is undefined.</returns>
    public static bool TryRead(AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>* space, void* destination, ulong source, ulong bytes) =>
        TryCopy(space, (ulong)destination, source, bytes, source, MemoryAccess.Read);

    /// <summary>Copies to the runtime's memory.</summary>
    /// <param name="space">Where missing pages come from.</param>
    /// <param name="destination">The address the call gave.</param>
    /// <param name="source">The kernel's own memory.</param>
    /// <param name="bytes">How many.</param>
    /// <returns>False: EFAULT; how much was copied is undefined.</returns>
    public static bool TryWrite(AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>* space, ulong destination, void* source, ulong bytes) =>
        TryCopy(space, destination, (ulong)source, bytes, destination, MemoryAccess.Write);

    private static bool TryCopy(
        AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>* space, ulong destination, ulong source, ulong bytes, ulong user, MemoryAccess access)
    {
        if (user >= AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>.Top
            || bytes > AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>.Top - user)
        {
            return false;
        }

        ulong copied = 0;
        int fetches = 0;
        while (copied < bytes)
        {
            ulong left = TCopy.Copy((void*)(destination + copied), (void*)(source + copied), bytes - copied);
            if (left == 0)
                return true;

            fetches = left < bytes - copied ? 1 : fetches + 1;
            copied = bytes - left;
            if (fetches > FetchesWithoutProgress || space->HandleFault(user + copied, access) != FaultResult.Handled)
                return false;
        }

        return true;
    }
}
