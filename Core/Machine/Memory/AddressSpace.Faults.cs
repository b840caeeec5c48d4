namespace Troupe.Core.Machine.Memory;

/// <content>Page faults: demand zero, growth of stacks, and telling the rest apart.</content>
public unsafe partial struct AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>
{
    /// <summary>
    /// Deals with a fault, or fetches a page before the kernel touches it. May be called on any processor for any address, at any time;
    /// two processors may fault on one page.
    /// </summary>
    /// <param name="address">What CR2 says.</param>
    /// <param name="access">What the instruction wanted.</param>
    public FaultResult HandleFault(ulong address, MemoryAccess access)
    {
        if (address is < Base or >= Top)
            return FaultResult.NoRegion;

        // The frame is cleared outside the lock, so everything is looked at again with the frame in hand.
        ulong frame = 0;
        while (true)
        {
            _lock.Acquire();
            FaultResult result = FaultLocked(address, access, ref frame, out bool wantsFrame);
            _lock.Release();
            if (!wantsFrame)
            {
                if (frame != 0)
                    _frames->Free(frame);
                return result;
            }

            frame = _frames->AllocateZeroed();
            if (frame == 0)
                return FaultResult.OutOfMemory;
        }
    }

    private static bool Allows(MemoryProtection protection, MemoryAccess access) => access switch
    {
        MemoryAccess.Write => (protection & MemoryProtection.Write) != 0,
        MemoryAccess.Execute => (protection & MemoryProtection.Execute) != 0,
        _ => protection != MemoryProtection.None,
    };

    /// <summary>Installs <paramref name="frame"/> if one is needed (and takes it: 0), or asks for one.</summary>
    private FaultResult FaultLocked(ulong address, MemoryAccess access, ref ulong frame, out bool wantsFrame)
    {
        wantsFrame = false;
        Region* region = _tree.Containing(address);
        if (region == null)
            return FaultResult.NoRegion;
        if (!Allows(region->Protection, access))
        {
            bool guard = (region->Kind & RegionKind.Guard) != 0 || (region->Kind == RegionKind.Stack && region->Protection == MemoryProtection.None);
            return guard ? FaultResult.GuardPage : FaultResult.ProtectionViolation;
        }

        ulong* entry = _table->Find(address, out _);
        ulong value = entry == null ? 0 : *entry;
        bool present = (value & (ulong)PageFlags.Present) != 0;
        if (present && (access != MemoryAccess.Write || (value & (ulong)PageFlags.Writable) != 0))
        {
            // Another processor was faster, or rights were added since this one looked them up.
            TTranslation.InvalidatePage(PageSize.Down(address, PageSize.Small));
            return FaultResult.Handled;
        }

        // Memory that may not be written reads as the shared zeros; what is below the charged part of a stack is charged now.
        bool needsFrame = region->IsWritable;
        if (needsFrame && frame == 0)
        {
            wantsFrame = true;
            return FaultResult.Handled;
        }

        bool growth = needsFrame && address < region->ChargedFrom;
        if (growth && !_commit->TryChargeStack(1))
            return FaultResult.OutOfMemory;
        if (entry == null)
        {
            entry = EnsureEntry(address, forStack: growth);
            if (entry == null)
            {
                if (growth)
                    _commit->Uncharge(1);
                return FaultResult.OutOfMemory;
            }
        }

        PageFlags flags = FlagsOf(region->Protection);
        if (needsFrame)
        {
            PageTable<TMemory, TProcessors, TPhysical>.Write(entry, frame | (ulong)flags);
            frame = 0;
            TMemory.Add(ref _resident, 1);
            if (present)
                _shootdown->Invalidate(PageSize.Down(address, PageSize.Small), PageSize.Down(address, PageSize.Small) + PageSize.Small);
        }
        else
        {
            PageTable<TMemory, TProcessors, TPhysical>.Write(entry, _zeroFrame | (ulong)(flags | PageFlags.SharedZero));
        }

        return FaultResult.Handled;
    }
}
