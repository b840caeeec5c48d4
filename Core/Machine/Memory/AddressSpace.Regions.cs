namespace Troupe.Core.Machine.Memory;

/// <content>Splitting, merging, replacing and charging of regions. Every method runs under the lock, with nodes made sure of.</content>
public unsafe partial struct AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>
{
    private static ulong ChargedFromOf(ulong start, ulong end, MemoryProtection protection, RegionKind kind)
    {
        if ((protection & MemoryProtection.Write) == 0)
            return end;
        return (kind & RegionKind.Stack) != 0 && end - start > StackCharge ? end - StackCharge : start;
    }

    private Region* NewRegion(ulong start, ulong end, MemoryProtection protection, RegionKind kind)
    {
        Region* region = _pool.Take();
        region->Start = start;
        region->End = end;
        region->ChargedFrom = ChargedFromOf(start, end, protection, kind);
        region->Protection = protection;
        region->Kind = kind;
        return region;
    }

    /// <summary>Makes a boundary between regions at an address.</summary>
    private void SplitAt(ulong address)
    {
        Region* region = _tree.Containing(address);
        if (region == null || region->Start == address)
            return;

        Region* upper = _pool.Take();
        upper->Start = address;
        upper->End = region->End;
        upper->ChargedFrom = region->ChargedFrom > address ? region->ChargedFrom : address;
        upper->Protection = region->Protection;
        upper->Kind = region->Kind;
        region->End = address;
        if (region->ChargedFrom > address)
            region->ChargedFrom = address;
        _tree.BoundsChanged(region);
        _tree.Insert(upper);
    }

    /// <summary>Joins regions that have become alike, from the one that ends at or after <paramref name="start"/> to the one that begins at <paramref name="end"/>.</summary>
    private void Merge(ulong start, ulong end)
    {
        Region* region = _tree.FirstEndingAfter(start - 1);
        while (region != null && region->Next != null && region->Next->Start <= end)
        {
            Region* next = region->Next;
            if (!AreAlike(region, next))
            {
                region = next;
                continue;
            }

            bool charged = region->IsCharged;
            _tree.Remove(next);
            region->End = next->End;
            if (!charged)
                region->ChargedFrom = next->ChargedFrom;
            _tree.BoundsChanged(region);
            _pool.Give(next);
        }
    }

    /// <summary>
    /// Adjacent, equal, and charged in one piece: a lower part that is charged throughout joins one that is too; a lower part that is
    /// not charged at all joins one that is not, or the rest of its stack.
    /// </summary>
    private static bool AreAlike(Region* lower, Region* upper)
    {
        if (lower->End != upper->Start || lower->Protection != upper->Protection || lower->Kind != upper->Kind || (lower->Kind & RegionKind.Guard) != 0)
            return false;
        if (lower->IsCharged)
            return (lower->Kind & RegionKind.Stack) == 0 && upper->ChargedFrom == upper->Start;
        return !upper->IsCharged || (lower->Kind & RegionKind.Stack) != 0;
    }

    /// <summary>Takes the regions of a range out; returns the pages they had charged.</summary>
    private long RemoveRegions(ulong start, ulong end)
    {
        long charged = 0;
        SplitAt(start);
        SplitAt(end);
        Region* region = _tree.FirstEndingAfter(start);
        while (region != null && region->Start < end)
        {
            Region* next = region->Next;
            charged += region->ChargedPages;
            _tree.Remove(region);
            _pool.Give(region);
            region = next;
        }

        return charged;
    }

    /// <summary>Puts a new region in the place of whatever is in a range, as far as a bounded piece goes.</summary>
    private MemoryStatus ReplaceLocked(ulong start, ulong end, MemoryProtection protection, RegionKind kind, out ulong reached)
    {
        reached = start;
        ulong stop = Reach(start, end);
        if (protection != MemoryProtection.None && (kind & RegionKind.Stack) == 0)
            stop = Lesser(stop, start + TablesPerCall);
        long wanted = (long)((end - ChargedFromOf(start, end, protection, kind)) >> PageSize.Shift);
        ulong accessible = protection == MemoryProtection.None ? 0 : (kind & RegionKind.Stack) != 0 ? StackCharge : end - start;
        if (!TryChargeWithTables(wanted, accessible))
            return MemoryStatus.OutOfMemory;

        PageTally tally = PageTally.ForOneCall();
        reached = MarkPages(start, stop, ref tally);
        long charged = RemoveRegions(start, reached);

        // A stack's charge belongs to its top, which only the last piece has.
        Region* region = NewRegion(start, reached, protection, kind);
        if (reached < end && (kind & RegionKind.Stack) != 0)
            region->ChargedFrom = reached;
        _commit->Uncharge(wanted - region->ChargedPages);
        _tree.Insert(region);
        FinishRelease(start, reached, charged, ref tally, tables: protection == MemoryProtection.None);

        if (protection != MemoryProtection.None && !EnsureTables(region))
        {
            PageTally undo = PageTally.ForOneCall();
            long given = RemoveRegions(start, reached);
            FinishRelease(start, reached, given, ref undo, tables: true);
            reached = start;
            return MemoryStatus.OutOfMemory;
        }

        Merge(start, reached);
        return MemoryStatus.Done;
    }

    /// <summary>
    /// Takes a free range for memory with more tables than one call makes: all of it is charged now, so that the rest fails only if
    /// the last frames go to others' tables; a first piece is accessible.
    /// </summary>
    private MemoryStatus PlaceLocked(ulong start, ulong end, MemoryProtection protection, out ulong reached)
    {
        reached = start;
        if (!TryChargeWithTables(0, end - start))
            return MemoryStatus.OutOfMemory;
        _tree.Insert(NewRegion(start, end, MemoryProtection.None, RegionKind.None));
        MemoryStatus status = ProtectLocked(start, end, protection, out reached);
        if (status != MemoryStatus.Done)
        {
            PageTally undo = PageTally.ForOneCall();
            long charged = RemoveRegions(start, end);
            FinishRelease(start, reached, charged, ref undo, tables: true);
        }

        return status;
    }

    /// <summary>Charges a range and gives it new rights, as far as a bounded piece goes.</summary>
    private MemoryStatus ProtectLocked(ulong start, ulong end, MemoryProtection protection, out ulong reached)
    {
        reached = start;
        MemoryStatus status = !IsCovered(start, end) ? MemoryStatus.NoRegion
            : (protection & MemoryProtection.Write) != 0 ? ChargeLocked(start, end)
            : MemoryStatus.Done;
        if (status == MemoryStatus.Done)
        {
            PageTally tally = PageTally.ForOneCall();
            status = ProtectPages(start, end, protection, ref tally, out reached);
            SplitAt(start);
            SplitAt(reached);
            for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < reached; region = region->Next)
                region->Protection = protection;
            if (tally.RightsLost)
                _shootdown->Invalidate(start, reached);
            Merge(start, reached);
        }

        // What splitting for the charge left apart.
        Merge(end, end);
        Merge(start, start);
        return status;
    }

    /// <summary>How far into a range a call may look: to the end of so many regions.</summary>
    private ulong Reach(ulong start, ulong end)
    {
        Region* region = _tree.FirstEndingAfter(start);
        for (int count = 0; region != null && region->Start < end; region = region->Next, count++)
        {
            if (count == RegionsPerCall)
                return region->Start;
        }

        return end;
    }

    /// <summary>Charges what of a range is not charged yet, all or nothing.</summary>
    private MemoryStatus ChargeLocked(ulong start, ulong end)
    {
        SplitAt(start);
        SplitAt(end);
        long wanted = 0;
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            if (NeedsCharge(region))
                wanted += (long)((region->End - TopOf(region)) >> PageSize.Shift);
        }

        if (wanted == 0)
            return MemoryStatus.Done;
        if (!TryChargeWithTables(wanted, (ulong)wanted << PageSize.Shift))
            return MemoryStatus.OutOfMemory;

        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            if (!NeedsCharge(region))
                continue;
            region->ChargedFrom = TopOf(region);

            // Pages of a stack that had been charged one by one are now charged in advance.
            if ((region->Kind & RegionKind.Stack) != 0)
                _commit->Uncharge(CountFrames(region->ChargedFrom, region->End));
        }

        return MemoryStatus.Done;
    }

    private static bool NeedsCharge(Region* region) => !region->IsCharged && !region->IsWritable;

    private static ulong TopOf(Region* region) => ChargedFromOf(region->Start, region->End, MemoryProtection.Write, region->Kind);

    /// <summary>
    /// Charges pages if there is room for their tables besides. The tables are charged when they are made; looking ahead keeps
    /// a long request from failing in its middle.
    /// </summary>
    private bool TryChargeWithTables(long pages, ulong accessible)
    {
        if (accessible == 0)
            return true;
        long tables = (long)(accessible / PageSize.Large) + 4;
        if (!_commit->TryCharge(pages + tables))
            return false;
        _commit->Uncharge(tables);
        return true;
    }

    /// <summary>Memory of a range that is not writable and has no frames any more needs no charge; returns what it had.</summary>
    private long DropCharge(ulong start, ulong end)
    {
        long dropped = 0;
        SplitAt(start);
        SplitAt(end);
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            if (!region->IsWritable)
            {
                dropped += region->ChargedPages;
                region->ChargedFrom = region->End;
            }
        }

        Merge(start, end);
        return dropped;
    }

    private bool IsAnyAccessible(ulong start, ulong end)
    {
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start < end; region = region->Next)
        {
            if (region->Protection != MemoryProtection.None)
                return true;
        }

        return false;
    }
}
