using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// All threads. Every block has a slot for life; its thread's id is the slot number plus a generation above it, so that looking an id up
/// is two loads and a comparison, and an id comes back only after the slot has been used 32,768 times.
/// </summary>
/// <remarks>
/// Blocks are type-stable: never unmapped, and <see cref="KernelThread.WaitSequence"/> survives. A pointer found without the lock may be
/// to a thread that has exited since; who must be sure (posting a signal) holds the lock from the look-up to the end of the deed,
/// for no block is freed or handed out meanwhile.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
public unsafe struct ThreadTable<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    /// <summary>The most threads that can be alive.</summary>
    public const int MaximumThreads = DirectoryPages * SlotsPerPage;

    private const int SlotsPerPage = 512;
    private const int DirectoryPages = 64;

    /// <summary>Ids stay below 2^30: the C library keeps flags in the two bits above (FUTEX_TID_MASK).</summary>
    private const int IdMask = (1 << 30) - 1;

    private SpinLock<TMemory, TProcessors> _lock;
    private int _slots;
    private int _count;
    private KernelThread* _free;
    private void* _spare;
    private fixed long _directory[DirectoryPages];

    /// <summary>How many blocks are in use, threads that have exited and are not yet left included.</summary>
    public int Count => TMemory.LoadAcquire(ref _count);

    /// <summary>One more than the highest slot in use: the bound for <see cref="At"/>.</summary>
    public int Slots => TMemory.LoadAcquire(ref _slots) + 1;

    /// <summary>Takes the lock: no block is freed or reused until <see cref="Release"/>.</summary>
    public void Acquire() => _lock.Acquire();

    /// <summary>Gives the lock back.</summary>
    public void Release() => _lock.Release();

    /// <summary>
    /// A zeroed block with an id, band Normal, any affinity; its state is Blocked and the caller owns it until Scheduler.MakeReady
    /// (or until <see cref="Free"/>, if nothing comes of it).
    /// </summary>
    /// <typeparam name="TPages">Where pages come from.</typeparam>
    /// <returns>The block, or null: no memory, or <see cref="MaximumThreads"/> reached.</returns>
    public KernelThread* Allocate<TPages>()
        where TPages : struct, IPageSource
    {
        _lock.Acquire();
        KernelThread* thread = _free;
        if (thread != null)
        {
            _free = thread->TableNext;
            _count++;
            _lock.Release();
            int sequence = thread->WaitSequence;
            int id = (thread->Id + MaximumThreads) & IdMask;
            Prepare(thread, id, sequence);
            return thread;
        }

        _lock.Release();
        return AllocateNew<TPages>();
    }

    /// <summary>Takes a block back; nobody runs it, queues it or times it any more.</summary>
    public void Free(KernelThread* thread)
    {
        _lock.Acquire();
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Free);
        thread->TableNext = _free;
        _free = thread;
        _count--;
        _lock.Release();
    }

    /// <summary>The thread with an id, or null. Exact while the caller holds the lock; without it the thread may exit meanwhile.</summary>
    public KernelThread* Find(int id)
    {
        if (id <= 0)
            return null;
        KernelThread* thread = Block(id % MaximumThreads);
        if (thread == null)
            return null;
        int state = TMemory.LoadAcquire(ref thread->State);
        bool alive = state != (int)ThreadState.Free && state != (int)ThreadState.Exited;
        return alive && TMemory.LoadAcquire(ref thread->Id) == id ? thread : null;
    }

    /// <summary>The thread in a slot from 1 up to <see cref="Slots"/>, or null: how to visit all.</summary>
    public KernelThread* At(int slot)
    {
        KernelThread* thread = Block(slot);
        if (thread == null)
            return null;
        int state = TMemory.LoadAcquire(ref thread->State);
        return state == (int)ThreadState.Free || state == (int)ThreadState.Exited ? null : thread;
    }

    /// <summary>Zeroes all but <see cref="KernelThread.WaitSequence"/>. Written out: the compiler's memset is a call that kernel code must not make.</summary>
    private static void Prepare(KernelThread* thread, int id, int sequence)
    {
        // While State is 0 (Free), look-ups pass the block over.
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Free);
        ulong* words = (ulong*)thread;
        for (int word = 0; word < KernelThread.Size / sizeof(ulong); word++)
            words[word] = 0;
        thread->WaitSequence = sequence;
        thread->Band = (int)Band.Normal;
        thread->Affinity = ulong.MaxValue;
        thread->TimerProcessor = -1;
        thread->Processor = TProcessors.Current;
        TMemory.StoreRelease(ref thread->Id, id);
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Blocked);
    }

    private KernelThread* Block(int slot)
    {
        if ((uint)slot >= MaximumThreads)
            return null;
        KernelThread** page = (KernelThread**)TMemory.LoadAcquire(ref _directory[slot / SlotsPerPage]);
        return page == null ? null : (KernelThread*)TMemory.LoadAcquire(ref ((long*)page)[slot % SlotsPerPage]);
    }

    private KernelThread* AllocateNew<TPages>()
        where TPages : struct, IPageSource
    {
        // Pages come from outside the lock: their source has locks of its own, and may have to search.
        void* directory = null;
        void* block = null;
        while (true)
        {
            _lock.Acquire();
            int slot = _slots + 1;
            bool full = slot >= MaximumThreads;
            bool needsDirectory = !full && _directory[slot / SlotsPerPage] == 0;
            block = block != null ? block : TakeSpare();
            directory = directory != null || !needsDirectory ? directory : TakeSpare();
            if (!full && block != null && (directory != null || !needsDirectory))
            {
                KernelThread* thread = Install(slot, (KernelThread*)block, needsDirectory ? directory : null);
                if (!needsDirectory)
                    KeepSpare(directory);
                _lock.Release();
                return thread;
            }

            _lock.Release();
            if (!full && block == null)
                block = TPages.Allocate();
            if (!full && block != null && directory == null && needsDirectory)
                directory = TPages.Allocate();
            if (full || block == null || (directory == null && needsDirectory))
            {
                _lock.Acquire();
                KeepSpare(block);
                KeepSpare(directory);
                _lock.Release();
                return null;
            }
        }
    }

    private KernelThread* Install(int slot, KernelThread* thread, void* directory)
    {
        ref long entry = ref _directory[slot / SlotsPerPage];
        if (directory != null)
        {
            for (int word = 0; word < SlotsPerPage; word++)
                ((long*)directory)[word] = 0;
            TMemory.StoreRelease(ref entry, (long)directory);
        }

        Prepare(thread, slot, 0);
        TMemory.StoreRelease(ref ((long*)entry)[slot % SlotsPerPage], (long)thread);
        TMemory.StoreRelease(ref _slots, slot);
        _count++;
        return thread;
    }

    /// <summary>A page that an earlier allocation could not use, or null. Spare pages are linked through their first word.</summary>
    private void* TakeSpare()
    {
        void* page = _spare;
        if (page != null)
            _spare = *(void**)page;
        return page;
    }

    private void KeepSpare(void* page)
    {
        if (page == null)
            return;
        *(void**)page = _spare;
        _spare = page;
    }
}
