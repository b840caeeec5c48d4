using System.Runtime.CompilerServices;
using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;

namespace Troupe.Smp.Kernel;

/// <summary>The machine's memory: frames, the kernel's map, the program's address space. Set up once by the boot processor.</summary>
internal static unsafe class KernelMemory
{
    internal const ulong FrameSize = PageSize.Small;

    /// <summary>Where in a processor's block the scratch area for copies begins.</summary>
    private const ulong ScratchOffset = 2048;

    /// <summary>Bytes of <see cref="Scratch"/>: the rest of the page.</summary>
    internal const ulong ScratchBytes = 2048;

    private static Frames _frames;
    private static Tables _tables;
    private static Map _map;
    private static Shootdown _shootdown;
    private static AddressSpace _space;
    private static CommitAccount _commit;
    private static bool _isCharging;

    // A sixteenth of memory, at most 4 MiB, is kept for stacks that grow when everything else is taken (docs/memory.md).
    private const long StackReserveShare = 16, LargestStackReserve = 1024;

    internal static Frames* FrameAllocator => (Frames*)Unsafe.AsPointer(ref _frames);

    internal static Tables* PageTables => (Tables*)Unsafe.AsPointer(ref _tables);

    internal static Map* KernelMap => (Map*)Unsafe.AsPointer(ref _map);

    internal static Shootdown* TlbShootdown => (Shootdown*)Unsafe.AsPointer(ref _shootdown);

    internal static AddressSpace* Space => (AddressSpace*)Unsafe.AsPointer(ref _space);

    internal static CommitAccount* CommitLimit => (CommitAccount*)Unsafe.AsPointer(ref _commit);

    internal static ulong TotalBytes => (ulong)_frames.TotalFrames * FrameSize;

    internal static ulong FreeBytes => (ulong)_frames.FreeFrames * FrameSize;

    internal static ulong PeakBytes => (ulong)_frames.PeakFrames * FrameSize;

    /// <summary>2 KiB of the calling processor's own: for copies to and from the program while interrupts are off.</summary>
    internal static byte* Scratch => (byte*)Instructions.ProcessorBlock() + ScratchOffset;

    /// <summary>A zeroed frame for the kernel itself, charged like the program's own; or 0.</summary>
    internal static ulong AllocateFrame()
    {
        if (_isCharging && !_commit.TryCharge(1))
        {
            return 0;
        }

        ulong frame = _frames.AllocateZeroed();
        if (frame == 0 && _isCharging)
        {
            _commit.Uncharge(1);
        }

        return frame;
    }

    /// <summary>Gives such a frame back; what was allocated before the address space was opened, before it is opened.</summary>
    internal static void FreeFrame(ulong frame)
    {
        _frames.Free(frame);
        if (_isCharging)
        {
            _commit.Uncharge(1);
        }
    }

    /// <summary>Frames that follow each other, below 4 GiB, charged, not zeroed; or 0.</summary>
    internal static ulong AllocateContiguous(ulong frames, ulong alignment = FrameSize)
    {
        if (_isCharging && !_commit.TryCharge((long)frames))
        {
            return 0;
        }

        ulong start = _frames.AllocateContiguous(frames, alignment, below4GiB: true);
        if (start == 0 && _isCharging)
        {
            _commit.Uncharge((long)frames);
        }

        return start;
    }

    /// <summary>Gives such frames back; only what was allocated after the address space was opened.</summary>
    internal static void FreeContiguous(ulong start, ulong frames)
    {
        _frames.FreeContiguous(start, frames);
        _commit.Uncharge((long)frames);
    }

    /// <summary>A kernel stack with an unmapped page below it; answers its end, or 0.</summary>
    internal static ulong AllocateStack(ulong pages)
    {
        ulong start = AllocateContiguous(pages + 1);
        if (start == 0)
        {
            return 0;
        }

        if (_map.Unmap(start, FrameSize) != PageTableStatus.Done)
        {
            FreeContiguous(start, pages + 1);
            return 0;
        }

        return start + ((pages + 1) * FrameSize);
    }

    /// <summary>Gives such a stack back; nobody stands on it. If the guard page cannot be mapped again, its frame is lost and the others are freed.</summary>
    internal static void FreeStack(ulong end, ulong pages)
    {
        ulong guard = end - ((pages + 1) * FrameSize);
        bool isWhole = _map.Remap(guard, FrameSize) == PageTableStatus.Done;
        FreeContiguous(isWhole ? guard : guard + FrameSize, isWhole ? pages + 1 : pages);
    }

    /// <summary>A frame the kernel cannot do without.</summary>
    internal static ulong RequireFrame()
    {
        ulong frame = AllocateFrame();
        if (frame == 0)
        {
            Panic.Now("not enough memory to start"u8);
        }

        return frame;
    }

    /// <summary>Divides what is left after boot between the program and the reserve for stacks, and opens the address space.</summary>
    internal static void StartAddressSpace()
    {
        long free = _frames.FreeFrames;
        long reserve = free / StackReserveShare < LargestStackReserve ? free / StackReserveShare : LargestStackReserve;
        if (!CommitLimit->Initialize(free, reserve) || !Space->Initialize(PageTables, FrameAllocator, CommitLimit, TlbShootdown))
        {
            Panic.Now("not enough memory for the address space"u8);
        }

        _isCharging = true;
    }

    /// <summary>Brings in the page of an address, if the program may use it so.</summary>
    internal static FaultResult HandleFault(ulong address, MemoryAccess access) => _space.HandleFault(address, access);

    /// <summary>Whether a fault is dealt with. An exhausted reserve ends the guest: a stack could not grow.</summary>
    internal static bool ResolveFault(ulong address, MemoryAccess access)
    {
        FaultResult result = _space.HandleFault(address, access);
        if (result == FaultResult.OutOfMemory)
        {
            Panic.Now("no frame for a page that was promised: the stack reserve is exhausted, at "u8, address);
        }

        return result == FaultResult.Handled;
    }

    /// <summary>The first thread's stack, its last pages in memory; answers its end.</summary>
    internal static ulong MapFirstStack(ulong bytes)
    {
        const int PagesInUse = 4;
        MemoryStatus status = _space.Map(0, bytes + FrameSize, MemoryProtection.Read | MemoryProtection.Write, MapFlags.Stack | MapFlags.Guard, out ulong start, out _);
        if (status != MemoryStatus.Done)
        {
            Panic.Now("not enough memory for the first stack"u8);
        }

        ulong end = start + bytes + FrameSize;
        for (ulong page = 1; page <= PagesInUse; page++)
        {
            ResolveFault(end - (page * FrameSize), MemoryAccess.Write);
        }

        return end;
    }

    internal static void FrameErrorHandler(FrameError error, ulong frame) => Panic.Now("a frame was freed wrongly: "u8, frame | (ulong)error);
}
