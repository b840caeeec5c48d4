using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The promise behind writable memory: whoever charged a page finds a frame for it, always. Everybody who takes frames
/// after boot charges them here first; the arithmetic is in docs/memory.md.
/// </summary>
/// <remarks>
/// The frames that were free at the start are divided into the limit and the stack reserve. A stack that grows beyond what it was charged
/// takes from what the limit leaves, and only past it from the reserve. What is uncharged fills the reserve up first.
/// Invariant: frames in use since the start &lt;= <see cref="Charged"/> + <see cref="ReserveTaken"/> &lt;= limit + reserve &lt;= frames free at the start.
/// Lock-free.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
public struct CommitLimit<TMemory>
    where TMemory : struct, IMemory
{
    private long _limit;
    private long _charged;
    private long _reserve;
    private long _reserveTaken;

    /// <summary>Pages that may be charged.</summary>
    public readonly long Limit => _limit;

    /// <summary>Pages kept for stacks beyond the limit.</summary>
    public readonly long Reserve => _reserve;

    /// <summary>Pages charged.</summary>
    public long Charged => TMemory.LoadAcquire(ref _charged);

    /// <summary>Pages that stacks took from the reserve.</summary>
    public long ReserveTaken => TMemory.LoadAcquire(ref _reserveTaken);

    /// <summary>Divides the frames that are free.</summary>
    /// <param name="freeFrames">Frames that the allocator could hand out.</param>
    /// <param name="stackReserve">Frames of these kept for stacks that grow when the limit is reached.</param>
    /// <returns>False when the reserve leaves nothing.</returns>
    public bool Initialize(long freeFrames, long stackReserve)
    {
        _charged = 0;
        _reserveTaken = 0;
        _reserve = stackReserve;
        _limit = freeFrames - stackReserve;
        return stackReserve >= 0 && _limit > 0;
    }

    /// <summary>Charges pages if the limit allows all of them.</summary>
    public bool TryCharge(long pages) => TryAdd(ref _charged, pages, _limit);

    /// <summary>Charges pages by which a stack grows: past the limit, from the reserve.</summary>
    public bool TryChargeStack(long pages) => TryCharge(pages) || TryAdd(ref _reserveTaken, pages, _reserve);

    /// <summary>Gives pages back whose frames have been freed already, the reserve first.</summary>
    public void Uncharge(long pages)
    {
        while (pages > 0)
        {
            long taken = TMemory.LoadAcquire(ref _reserveTaken);
            if (taken == 0)
            {
                TMemory.Add(ref _charged, -pages);
                return;
            }

            long repaid = taken < pages ? taken : pages;
            if (TMemory.CompareExchange(ref _reserveTaken, taken - repaid, taken) == taken)
                pages -= repaid;
        }
    }

    private static bool TryAdd(ref long account, long pages, long limit)
    {
        while (true)
        {
            long held = TMemory.LoadAcquire(ref account);
            if (pages > limit - held)
                return false;
            if (TMemory.CompareExchange(ref account, held + pages, held) == held)
                return true;
        }
    }
}
