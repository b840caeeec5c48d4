using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// Makes every processor drop stale translations, and waits until all have; also serves membarrier.
/// </summary>
/// <remarks>
/// <para>The protocol. There is one request at a time: an initiator takes the lock (spinning answers the request of the one before),
/// writes the request, and raises <c>_generation</c>. It interrupts the processors that are not idle and spins until
/// each has acknowledged this generation or is idle. Then it may free what was unmapped.</para>
/// <para>A processor answers (<see cref="Answer"/>) from the interrupt or from <see cref="IProcessors.Pause"/>, so a processor that spins with
/// interrupts off is never waited for in vain. If it is exactly one generation behind, the request is stable, because its
/// initiator waits for this very processor, and the processor drops what the request names; else it drops everything.</para>
/// <para>An idle processor uses no translation but the identity map's, and is neither interrupted nor waited for. Leaving idle it first clears its
/// flag, then reads the generation, and flushes if it missed one. The initiator first raises the generation, then reads
/// the flag. Both are a read-modify-write followed by a load, so at least one of the two sees the other: either the processor sees the new
/// generation before it runs anything, or the initiator sees it awake and waits. A processor that is not yet online counts as idle.</para>
/// <para>The identity map's own changes are no exception: a processor in the idle loop runs code and data whose mapping never changes.</para>
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TTranslation">The translation seam.</typeparam>
public unsafe struct TlbShootdown<TMemory, TProcessors, TTranslation>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TTranslation : struct, ITranslation
{
    /// <summary>Above so many pages dropping everything is cheaper than dropping each (Linux's tlb_single_page_flush_ceiling is 33).</summary>
    public const ulong SinglePageCeiling = 32;

    private const int Flush = 0;
    private const int Barrier = 1;

    private SpinLock<TMemory, TProcessors> _lock;
    private long _generation;

    // The request; written under the lock before the generation is raised.
    private int _kind;
    private ulong _start;
    private ulong _end;

    private long _requests;
    private long _interrupts;

    // Per processor: the last generation answered, and whether it runs (0: idle or offline).
    private fixed long _acknowledged[IProcessors.Maximum];
    private fixed int _running[IProcessors.Maximum];

    /// <summary>Shootdowns and barriers so far.</summary>
    public long Requests => TMemory.LoadAcquire(ref _requests);

    /// <summary>Interrupts sent for them.</summary>
    public long Interrupts => TMemory.LoadAcquire(ref _interrupts);

    /// <summary>
    /// A processor comes online or leaves idle: called before it touches anything but the identity map.
    /// </summary>
    public void EnterRunning()
    {
        int me = TProcessors.Current;
        TMemory.Exchange(ref _running[me], 1);
        long generation = TMemory.LoadAcquire(ref _generation);
        if (generation != _acknowledged[me])
        {
            TTranslation.FlushAll();
            TMemory.StoreRelease(ref _acknowledged[me], generation);
        }
    }

    /// <summary>
    /// A processor goes idle: from here to <see cref="EnterRunning"/> it uses nothing but the identity map.
    /// </summary>
    public void EnterIdle() => TMemory.Exchange(ref _running[TProcessors.Current], 0);

    /// <summary>Answers a request that waits for the calling processor; called by the interrupt and by <see cref="IProcessors.Pause"/>.</summary>
    public void Answer()
    {
        int me = TProcessors.Current;
        long generation = TMemory.LoadAcquire(ref _generation);
        long answered = _acknowledged[me];
        if (generation == answered)
            return;

        // An idle processor that takes the interrupt must not trust the request: nobody waits for it.
        if (generation != answered + 1 || TMemory.LoadAcquire(ref _running[me]) == 0)
            TTranslation.FlushAll();
        else if (_kind == Flush)
            Drop(_start, _end);

        // A full fence on either kind: what membarrier promises.
        TMemory.Exchange(ref _acknowledged[me], generation);
    }

    /// <summary>
    /// Drops the translations of a range on every processor. On return none uses them any more. The caller may hold locks;
    /// it must not hold one that is taken elsewhere without <see cref="IProcessors.Pause"/> in the spin.
    /// </summary>
    public void Invalidate(ulong start, ulong end) => Request(Flush, start, end);

    /// <summary>Every processor that runs passes a full fence before this returns (membarrier PRIVATE_EXPEDITED).</summary>
    public void MemoryBarrier() => Request(Barrier, 0, 0);

    private static void Drop(ulong start, ulong end)
    {
        if (end - start > SinglePageCeiling * PageSize.Small)
        {
            TTranslation.FlushAll();
            return;
        }

        for (ulong page = start; page < end; page += PageSize.Small)
            TTranslation.InvalidatePage(page);
    }

    private void Request(int kind, ulong start, ulong end)
    {
        int me = TProcessors.Current;
        _lock.Acquire();
        _kind = kind;
        _start = start;
        _end = end;
        _requests++;
        long generation = TMemory.Add(ref _generation, 1);
        if (kind == Flush)
            Drop(start, end);
        TMemory.Exchange(ref _acknowledged[me], generation);

        for (int processor = 0; processor < IProcessors.Maximum; processor++)
        {
            if (IsAwaited(processor, generation))
            {
                _interrupts++;
                TProcessors.Interrupt(processor, ProcessorInterrupt.TlbShootdown);
            }
        }

        for (int processor = 0; processor < IProcessors.Maximum; processor++)
        {
            while (IsAwaited(processor, generation))
                TProcessors.Pause();
        }

        _lock.Release();
    }

    private bool IsAwaited(int processor, long generation) =>
        TMemory.LoadAcquire(ref _running[processor]) != 0 && TMemory.LoadAcquire(ref _acknowledged[processor]) < generation;
}
