// xen/include/public/grant_table.h, version 1.
using Troupe.Core.Machine.Xen;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Xen;

/// <summary>The pages of the table by which the domain lets others reach frames of its own. Who fills it is Smp/Host.</summary>
internal static unsafe class XenGrantTable
{
    /// <summary>512 grants each: rings and buffers of some network cards.</summary>
    internal const ulong Pages = HostCall.GrantTablePages;

    private static long _address;

    /// <summary>The table's address, mapped when first asked for; 0: Xen gives none, or there is no memory.</summary>
    internal static ulong Address()
    {
        long known = ProcessorMemory.LoadAcquire(ref _address);
        if (known != 0 || !XenGuest.IsRunning)
        {
            return (ulong)known;
        }

        ulong table = KernelMemory.AllocateContiguous(Pages);
        if (table == 0)
        {
            return 0;
        }

        for (ulong i = 0; i < Pages; i++)
        {
            if (XenCalls.MapPage(XenMapSpace.GrantTable, i, (table >> 12) + i) != 0)
            {
                // What is Xen's already cannot go back to the allocator.
                return 0;
            }
        }

        ProcessorMemory.StoreRelease(ref _address, (long)table);
        return table;
    }
}
