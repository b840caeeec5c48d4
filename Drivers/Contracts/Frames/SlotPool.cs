namespace Troupe.Drivers.Contracts;

/// <summary>The rent and return protocol of a pool, apart from what it pools and from the memory seam it runs on.</summary>
internal abstract class SlotPool
{
    /// <summary>Takes a free slot and makes it the caller's; false (and counted) when none is free.</summary>
    public abstract bool TryTake(out int index);

    /// <summary>
    /// Ends the rental that <paramref name="generation"/> names. False if that rental is over already (double dispose);
    /// the slot is untouched then. On true the caller still owns the slot's content and must call <see cref="Release"/>.
    /// </summary>
    public abstract bool TryEndRental(PoolSlot slot, int generation);

    /// <summary>Puts a slot whose rental ended back on the free list.</summary>
    public abstract void Release(int index);

    /// <summary>Counts a use of a handle whose rental is over.</summary>
    public abstract void CountMisuse();

    /// <summary>How often nothing was free.</summary>
    public abstract long ExhaustedCount { get; }

    /// <summary>How often a handle was used or disposed after its rental was over.</summary>
    public abstract long MisuseCount { get; }
}
