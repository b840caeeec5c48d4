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

    private static Frames _frames;
    private static Tables _tables;
    private static Map _map;
    private static Shootdown _shootdown;

    internal static Frames* FrameAllocator => (Frames*)Unsafe.AsPointer(ref _frames);

    internal static Tables* PageTables => (Tables*)Unsafe.AsPointer(ref _tables);

    internal static Map* KernelMap => (Map*)Unsafe.AsPointer(ref _map);

    internal static Shootdown* TlbShootdown => (Shootdown*)Unsafe.AsPointer(ref _shootdown);

    internal static ulong TotalBytes => (ulong)_frames.TotalFrames * FrameSize;

    internal static ulong FreeBytes => (ulong)_frames.FreeFrames * FrameSize;

    internal static ulong PeakBytes => (ulong)_frames.PeakFrames * FrameSize;

    /// <summary>2 KiB of the calling processor's own: for copies to and from the program while interrupts are off.</summary>
    internal static byte* Scratch => (byte*)Instructions.ProcessorBlock() + ScratchOffset;

    /// <summary>A zeroed frame for the kernel itself, or 0.</summary>
    internal static ulong AllocateFrame() => _frames.AllocateZeroed();

    internal static void FreeFrame(ulong frame) => _frames.Free(frame);

    /// <summary>Frames that follow each other, below 4 GiB, not zeroed; or 0.</summary>
    internal static ulong AllocateContiguous(ulong frames) => _frames.AllocateContiguous(frames, FrameSize, below4GiB: true);

    internal static void FreeContiguous(ulong start, ulong frames) => _frames.FreeContiguous(start, frames);

    /// <summary>A kernel stack with an unmapped page below it; answers its end, or 0.</summary>
    internal static ulong AllocateStack(ulong pages)
    {
        ulong start = AllocateContiguous(pages + 1);
        if (start == 0 || _map.Unmap(start, FrameSize) != PageTableStatus.Done)
        {
            return 0;
        }

        return start + ((pages + 1) * FrameSize);
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

    internal static bool IsUserRange(ulong start, ulong bytes) => start + bytes >= start;
    internal static bool ResolveFault(ulong address, PageAccess access) => TemporaryMemory.Fault(address);
    internal static void StartAddressSpace() { }
    internal static ulong MapFirstStack(ulong size) { ulong a = TemporaryMemory.Map(0, size, false) + size; for (ulong i = 1; i <= 4; i++) TemporaryMemory.Fault(a - (i * 4096)); return a; }

    internal static void FrameErrorHandler(FrameError error, ulong frame) => Panic.Now("a frame was freed wrongly: "u8, frame | (ulong)error);
}
