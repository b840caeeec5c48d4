namespace Troupe.Core.Machine.Memory;

/// <content>
/// What is done to page-table entries. An entry of this range is one of: 0; present; <see cref="PageFlags.Kept"/> with a frame that nobody may
/// access; <see cref="PageFlags.Stale"/> with a frame that waits, within one critical section, for the shootdown.
/// </content>
public unsafe partial struct AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>
{
    private static PageFlags FlagsOf(MemoryProtection protection)
    {
        if (protection == MemoryProtection.None)
            return PageFlags.Kept;
        PageFlags flags = PageFlags.Present;
        if ((protection & MemoryProtection.Write) != 0)
            flags |= PageFlags.Writable;
        if ((protection & MemoryProtection.Execute) == 0)
            flags |= PageFlags.NoExecute;
        return flags;
    }

    private static ulong AfterEmpty(ulong address, int level)
    {
        ulong coverage = PageTable<TMemory, TProcessors, TPhysical>.Coverage(level);
        return PageSize.Down(address, coverage) + coverage;
    }

    private static ulong Lesser(ulong left, ulong right) => left < right ? left : right;

    /// <summary>Unmaps the pages of a range, as far as the budget goes, leaving the entries stale. Returns how far it came.</summary>
    private ulong MarkPages(ulong start, ulong end, ref PageTally tally)
    {
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            ulong stop = Lesser(region->End, end);
            ulong at = region->Start > start ? region->Start : start;
            while (at < stop)
            {
                if (tally.Budget <= 0)
                    return at;
                ulong* entry = _table->Find(at, out int level);
                if (entry == null)
                {
                    at = AfterEmpty(at, level);
                    tally.Budget -= PageTally.EmptyCost;
                    continue;
                }

                ulong tableEnd = Lesser(AfterEmpty(at, PageTable<TMemory, TProcessors, TPhysical>.DirectoryLevel), stop);
                for (; at < tableEnd && tally.Budget > 0; at += PageSize.Small)
                    MarkPage(region, at, entry++, ref tally);
            }
        }

        return end;
    }

    private void MarkPage(Region* region, ulong address, ulong* entry, ref PageTally tally)
    {
        ulong value = *entry;
        tally.Budget--;
        if (value == 0)
            return;

        tally.Budget -= PageTally.PageCost - 1;
        tally.RightsLost |= (value & (ulong)PageFlags.Present) != 0;
        if ((value & (ulong)PageFlags.SharedZero) != 0)
        {
            PageTable<TMemory, TProcessors, TPhysical>.Write(entry, 0);
            return;
        }

        PageTable<TMemory, TProcessors, TPhysical>.Write(
            entry, (value & PageTable<TMemory, TProcessors, TPhysical>.AddressMask) | (ulong)PageFlags.Stale);
        tally.Frames++;
        if (address < region->ChargedFrom)
            tally.Growth++;
    }

    /// <summary>
    /// Second half of a release: detaches tables that nothing needs, shoots translations down, frees frames and tables, and only then uncharges.
    /// </summary>
    private void FinishRelease(ulong start, ulong end, long charged, ref PageTally tally, bool tables)
    {
        bool detached = tables && DetachTables(start, end);
        if (tally.RightsLost || detached)
            _shootdown->Invalidate(start, end);
        if (tally.Frames > 0)
            FreeStaleFrames(start, end);
        long freedTables = detached ? FreeDetachedTables(start, end) : 0;
        TMemory.Add(ref _resident, -tally.Frames);
        _commit->Uncharge(charged + tally.Growth + freedTables);
    }

    private bool DetachTables(ulong start, ulong end)
    {
        bool any = false;
        ulong at = PageSize.Down(start, PageSize.Large);
        while (at < end)
        {
            ulong* entry = _table->Find(at, out int level);
            if (entry != null && !IsAnyAccessible(at, at + PageSize.Large))
                any |= _table->DetachEmptyTables(at);
            at = entry == null ? AfterEmpty(at, level) : at + PageSize.Large;
        }

        return any;
    }

    private long FreeDetachedTables(ulong start, ulong end)
    {
        long freed = 0;
        ulong at = PageSize.Down(start, PageSize.Large);
        while (at < end)
        {
            ulong* entry = _table->Find(at, out int level);
            if (entry != null)
                freed += _table->FreeStaleTables(at);
            at = entry == null ? AfterEmpty(at, level) : at + PageSize.Large;
        }

        return freed;
    }

    private void FreeStaleFrames(ulong start, ulong end)
    {
        ulong at = start;
        while (at < end)
        {
            ulong* entry = _table->Find(at, out int level);
            if (entry == null)
            {
                at = AfterEmpty(at, level);
                continue;
            }

            ulong tableEnd = Lesser(AfterEmpty(at, PageTable<TMemory, TProcessors, TPhysical>.DirectoryLevel), end);
            for (; at < tableEnd; at += PageSize.Small, entry++)
            {
                ulong value = *entry;
                if ((value & (ulong)(PageFlags.Stale | PageFlags.Present)) != (ulong)PageFlags.Stale)
                    continue;
                PageTable<TMemory, TProcessors, TPhysical>.Write(entry, 0);
                _frames->Free(value & PageTable<TMemory, TProcessors, TPhysical>.AddressMask);
            }
        }
    }

    /// <summary>Makes the tables of a new region so that no fault has to; those of a stack only for what is charged.</summary>
    private bool EnsureTables(Region* region)
    {
        ulong start = (region->Kind & RegionKind.Stack) != 0 ? region->ChargedFrom : region->Start;
        for (ulong at = start; at < region->End; at = AfterEmpty(at, PageTable<TMemory, TProcessors, TPhysical>.DirectoryLevel))
        {
            if (_table->Find(at, out _) == null && EnsureEntry(at, forStack: false) == null)
                return false;
        }

        return true;
    }

    /// <summary>The entry of a page, making and charging the tables above it.</summary>
    private ulong* EnsureEntry(ulong address, bool forStack)
    {
        const int mostTables = 3;
        if (!(forStack ? _commit->TryChargeStack(mostTables) : _commit->TryCharge(mostTables)))
            return null;
        int created = 0;
        ulong* entry = _table->EnsureEntry(address, PageTable<TMemory, TProcessors, TPhysical>.PageLevel, ref created, out _);
        _commit->Uncharge(mostTables - created);
        return entry;
    }

    /// <summary>Gives the pages of a range new rights, and tables if they become accessible, as far as the budget goes.</summary>
    private MemoryStatus ProtectPages(ulong start, ulong end, MemoryProtection protection, ref PageTally tally, out ulong reached)
    {
        reached = start;
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            ulong stop = Lesser(region->End, end);
            ulong tablesFrom = protection == MemoryProtection.None ? stop : (region->Kind & RegionKind.Stack) != 0 ? region->ChargedFrom : reached;
            while (reached < stop)
            {
                if (tally.Budget <= 0)
                    return MemoryStatus.Done;
                ulong* entry = _table->Find(reached, out int level);
                ulong tableEnd = Lesser(AfterEmpty(reached, PageTable<TMemory, TProcessors, TPhysical>.DirectoryLevel), stop);
                if (entry == null && tableEnd > tablesFrom)
                {
                    if (EnsureEntry(reached, forStack: false) == null)
                        return MemoryStatus.OutOfMemory;
                    reached = tableEnd;
                    tally.Budget -= PageTally.TableCost;
                    continue;
                }

                if (entry == null)
                {
                    reached = protection == MemoryProtection.None ? Lesser(AfterEmpty(reached, level), stop) : tableEnd;
                    tally.Budget -= PageTally.EmptyCost;
                    continue;
                }

                for (; reached < tableEnd && tally.Budget > 0; reached += PageSize.Small)
                    ProtectPage(entry++, protection, ref tally);
            }
        }

        return MemoryStatus.Done;
    }

    private static void ProtectPage(ulong* entry, MemoryProtection protection, ref PageTally tally)
    {
        ulong value = *entry;
        tally.Budget--;
        if (value == 0)
            return;

        tally.Budget -= PageTally.PageCost - 1;
        PageFlags flags = FlagsOf(protection);
        ulong changed = (value & PageTable<TMemory, TProcessors, TPhysical>.AddressMask) | (ulong)flags;
        if ((value & (ulong)PageFlags.SharedZero) != 0)
        {
            changed = protection == MemoryProtection.None
                ? 0
                : (changed & ~(ulong)PageFlags.Writable) | (ulong)PageFlags.SharedZero;
        }

        if ((value & (ulong)PageFlags.Present) != 0)
        {
            const ulong given = (ulong)(PageFlags.Present | PageFlags.Writable);
            bool lost = (value & ~changed & given) != 0 || (changed & ~value & (ulong)PageFlags.NoExecute) != 0;
            tally.RightsLost |= lost;
        }

        PageTable<TMemory, TProcessors, TPhysical>.Write(entry, changed);
    }

    private readonly long CountFrames(ulong start, ulong end)
    {
        long count = 0;
        for (ulong at = start; at < end; at += PageSize.Small)
        {
            ulong* entry = _table->Find(at, out _);
            if (entry != null && *entry != 0 && (*entry & (ulong)PageFlags.SharedZero) == 0)
                count++;
        }

        return count;
    }
}
