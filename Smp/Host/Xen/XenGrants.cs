// xen/include/public/grant_table.h, version 1.
using Troupe.Core.Capabilities;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host.Xen;

/// <summary>The domain's grant table: which other domain reaches which page. Shared by all devices of the machine.</summary>
/// <remarks>An entry is free, or its device's; Xen sets two of its flags while the page is mapped, and honours an entry from the moment its flags are written.</remarks>
internal sealed unsafe class XenGrants
{
    private const int EntryBytes = 8, DomainOffset = 2, FrameOffset = 4;
    private const int PageShift = 12;
    private const ushort PermitAccess = 1, ReadOnly = 4, InUse = 8 | 16;

    // GNTTAB_NR_RESERVED_ENTRIES: console and xenstore, by the toolstack.
    private const int FirstEntry = 8;

    private readonly Lock _lock = new();
    private readonly byte* _table;
    private readonly Stack<uint> _free = new();

    internal XenGrants()
    {
        _table = (byte*)KernelCalls.Require("show the grant table", HostCall.GrantTable);
        for (int entry = (HostCall.GrantTablePages * 4096 / EntryBytes) - 1; entry >= FirstEntry; entry--)
        {
            _free.Push((uint)entry);
        }
    }

    /// <summary>Grants a page.</summary>
    internal uint Grant(ushort domain, ulong address, bool isReadOnly)
    {
        uint number;
        lock (_lock)
        {
            if (!_free.TryPop(out number))
            {
                throw new CapabilityException("All grants are taken.");
            }
        }

        byte* entry = _table + (number * EntryBytes);
        *(ushort*)(entry + DomainOffset) = domain;
        *(uint*)(entry + FrameOffset) = (uint)(address >> PageShift);
        Volatile.Write(ref *(ushort*)entry, (ushort)(PermitAccess | (isReadOnly ? ReadOnly : 0)));
        return number;
    }

    /// <summary>Takes a grant back; false while the other domain has the page mapped.</summary>
    internal bool TryTakeBack(uint number)
    {
        ref ushort flags = ref *(ushort*)(_table + (number * EntryBytes));
        while (true)
        {
            ushort seen = Volatile.Read(ref flags);
            if ((seen & InUse) != 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref flags, 0, seen) == seen)
            {
                break;
            }
        }

        lock (_lock)
        {
            _free.Push(number);
        }

        return true;
    }
}
