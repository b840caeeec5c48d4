namespace Troupe.Core.Machine.Memory;

/// <summary>Turns a machine's memory map into ranges that can be handed out: sorted, disjoint, page-aligned, without what is reserved.</summary>
public static unsafe class UsableRanges
{
    /// <summary>Collects the usable ranges.</summary>
    /// <param name="usable">RAM, in any order, overlaps allowed.</param>
    /// <param name="usableCount">How many.</param>
    /// <param name="reserved">What to leave out.</param>
    /// <param name="reservedCount">How many.</param>
    /// <param name="lowest">Nothing below is collected.</param>
    /// <param name="highest">Nothing from here up is collected.</param>
    /// <param name="boundary">No range crosses it: one that does is cut in two.</param>
    /// <param name="result">Receives the ranges.</param>
    /// <param name="capacity">Room in it; a map with more pieces loses the highest ones.</param>
    /// <returns>How many ranges there are.</returns>
    public static int Collect(
        MemoryRange* usable, int usableCount, MemoryRange* reserved, int reservedCount,
        ulong lowest, ulong highest, ulong boundary, MemoryRange* result, int capacity)
    {
        // A sweep upwards: from a position that is page-aligned, the next page that is wholly RAM and not reserved, then how far that lasts.
        int count = 0;
        ulong position = PageSize.Up(lowest, PageSize.Small);
        while (count < capacity)
        {
            ulong start = NextUsable(usable, usableCount, reserved, reservedCount, position, highest);
            if (start >= highest)
                break;

            ulong end = EndOfUsable(usable, usableCount, reserved, reservedCount, start, highest);
            if (start < boundary && end > boundary)
                end = boundary;
            result[count].Start = start;
            result[count].End = end;
            count++;
            position = end;
        }

        return count;
    }

    private static ulong NextUsable(MemoryRange* usable, int usableCount, MemoryRange* reserved, int reservedCount, ulong position, ulong highest)
    {
        while (position < highest)
        {
            ulong next = highest;
            bool inside = false;
            for (int i = 0; i < usableCount; i++)
            {
                ulong start = AlignUp(usable[i].Start, highest);
                ulong end = PageSize.Down(usable[i].End, PageSize.Small);
                if (start >= end || end <= position)
                    continue;
                if (start <= position)
                    inside = true;
                else if (start < next)
                    next = start;
            }

            if (!inside)
            {
                position = next;
                continue;
            }

            ulong blocked = EndOfReservation(reserved, reservedCount, position, highest);
            if (blocked == position)
                return position;
            position = blocked;
        }

        return highest;
    }

    private static ulong EndOfUsable(MemoryRange* usable, int usableCount, MemoryRange* reserved, int reservedCount, ulong start, ulong highest)
    {
        ulong end = start;
        bool grown = true;
        while (grown)
        {
            grown = false;
            for (int i = 0; i < usableCount; i++)
            {
                ulong stop = PageSize.Down(usable[i].End, PageSize.Small);
                if (AlignUp(usable[i].Start, highest) <= end && stop > end)
                {
                    end = stop;
                    grown = true;
                }
            }
        }

        if (end > highest)
            end = highest;
        for (int i = 0; i < reservedCount; i++)
        {
            ulong from = PageSize.Down(reserved[i].Start, PageSize.Small);
            if (reserved[i].Length > 0 && from >= start && from < end)
                end = from;
        }

        return end;
    }

    private static ulong EndOfReservation(MemoryRange* reserved, int reservedCount, ulong position, ulong highest)
    {
        bool moved = true;
        while (moved)
        {
            moved = false;
            for (int i = 0; i < reservedCount; i++)
            {
                if (reserved[i].Length == 0)
                    continue;
                ulong end = AlignUp(reserved[i].End, highest);
                if (PageSize.Down(reserved[i].Start, PageSize.Small) <= position && end > position)
                {
                    position = end;
                    moved = true;
                }
            }
        }

        return position;
    }

    /// <summary>Rounds up without wrapping: addresses from <paramref name="highest"/> up are all the same to us.</summary>
    private static ulong AlignUp(ulong address, ulong highest) => address >= highest ? highest : PageSize.Up(address, PageSize.Small);
}
