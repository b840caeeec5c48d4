using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>
/// mmap, munmap, mprotect, madvise, brk, mincore, membarrier. A call over a long range does a bounded piece and runs again from
/// where it came to, so that interrupts are never off for long; how far it came stays in the thread's block.
/// </summary>
internal static unsafe class MemoryCalls
{
    // include/uapi/asm-generic/mman-common.h, mman.h
    private const ulong Read = 1, Write = 2, Execute = 4;
    private const ulong Fixed = 0x10, Anonymous = 0x20, Stack = 0x2_0000, FixedNoReplace = 0x10_0000;
    private const ulong DontNeed = 4, Free = 8;

    // include/uapi/linux/membarrier.h
    private const ulong Query = 0, Global = 1, PrivateExpedited = 8, RegisterPrivateExpedited = 16;

    internal static long Map(KernelThread* thread, ulong hint, ulong length, ulong protection, ulong flags)
    {
        if ((flags & Anonymous) == 0)
        {
            // There are no files to map: what reads files copies.
            return Errno.NotSupported;
        }

        MapFlags how = ((flags & FixedNoReplace) != 0 ? MapFlags.NoReplace : (flags & Fixed) != 0 ? MapFlags.Fixed : MapFlags.None)
            | ((flags & Stack) != 0 ? MapFlags.Stack : MapFlags.None);
        ulong done = thread->CallProgress;
        ulong wanted = (length + KernelMemory.FrameSize - 1) & ~(KernelMemory.FrameSize - 1);
        if (thread->CallAddress != 0)
        {
            return GoOnMapping(thread, wanted, Protection(protection));
        }

        MemoryStatus status = KernelMemory.Space->Map(hint + done, length - done, Protection(protection), how, out ulong address, out ulong piece);
        if (status == MemoryStatus.Done && done + piece < wanted)
        {
            thread->CallProgress = done + piece;
            thread->CallAddress = (how & MapFlags.Fixed) != 0 ? 0 : address;
            return Outcome.Again;
        }

        thread->CallProgress = 0;
        return status == MemoryStatus.Done ? (long)(address - done) : Answer(status);
    }

    // A new mapping with many page tables: its range is taken and charged, and becomes accessible piece by piece. Where the last frames
    // went to others' tables meanwhile, the range is given back, in pieces too.
    private static long GoOnMapping(KernelThread* thread, ulong wanted, MemoryProtection protection)
    {
        const ulong Retreat = 1;
        ulong address = thread->CallAddress;
        bool retreats = (thread->CallProgress & Retreat) != 0;
        ulong done = thread->CallProgress & ~Retreat;
        MemoryStatus status = retreats
            ? KernelMemory.Space->Unmap(address + done, wanted - done, out ulong piece)
            : KernelMemory.Space->Protect(address + done, wanted - done, protection, out piece);
        if (status != MemoryStatus.Done && !retreats)
        {
            thread->CallProgress = Retreat;
            return Outcome.Again;
        }

        if (status == MemoryStatus.Done && done + piece < wanted)
        {
            thread->CallProgress = (done + piece) | (retreats ? Retreat : 0);
            return Outcome.Again;
        }

        thread->CallProgress = 0;
        thread->CallAddress = 0;
        return retreats ? Errno.NoMemory : (long)address;
    }

    internal static long Unmap(KernelThread* thread, ulong address, ulong length) =>
        InPieces(thread, address, length, Operation.Unmap, MemoryProtection.None);

    internal static long Protect(KernelThread* thread, ulong address, ulong length, ulong protection)
    {
        ulong header = ImageSymbols.ImageHeader();
        if (address >= header && address < ImageSymbols.ImageEnd())
        {
            return ProtectImage(thread, address, length, protection);
        }

        return InPieces(thread, address, length, Operation.Protect, Protection(protection));
    }

    internal static long Advise(KernelThread* thread, ulong address, ulong length, ulong advice) =>
        advice is DontNeed or Free ? InPieces(thread, address, length, Operation.DontNeed, MemoryProtection.None) : 0;

    internal static long Break(ulong requested)
    {
        ulong end = KernelMemory.Space->Break(requested, out bool isDone);
        return isDone ? (long)end : Outcome.Again;
    }

    internal static long InCore(ulong address, ulong length, ulong vector)
    {
        const ulong MostPages = 512;
        if ((address & (KernelMemory.FrameSize - 1)) != 0)
        {
            return Errno.InvalidArgument;
        }

        for (ulong page = 0; page * KernelMemory.FrameSize < length && page < MostPages; page++)
        {
            byte resident = KernelMemory.Space->IsResident(address + (page * KernelMemory.FrameSize), out bool mapped) ? (byte)1 : (byte)0;
            if (!mapped)
            {
                return Errno.NoMemory;
            }

            if (!UserMemory.TryWrite(vector + page, &resident, 1))
            {
                return Errno.BadAddress;
            }
        }

        return 0;
    }

    internal static long Barrier(ulong command)
    {
        switch (command)
        {
            case Query:
                return (long)(Global | PrivateExpedited | RegisterPrivateExpedited);
            case Global or PrivateExpedited:
                KernelMemory.TlbShootdown->MemoryBarrier();
                return 0;
            case RegisterPrivateExpedited:
                return 0;
            default:
                return Errno.InvalidArgument;
        }
    }

    private enum Operation
    {
        Unmap,
        Protect,
        DontNeed,
    }

    private static long InPieces(KernelThread* thread, ulong address, ulong length, Operation operation, MemoryProtection protection)
    {
        ulong wanted = (length + KernelMemory.FrameSize - 1) & ~(KernelMemory.FrameSize - 1);
        ulong done = thread->CallProgress;
        if (wanted == 0)
        {
            return operation == Operation.Unmap ? Errno.InvalidArgument : 0;
        }

        ulong piece;
        MemoryStatus status = operation switch
        {
            Operation.Unmap => KernelMemory.Space->Unmap(address + done, wanted - done, out piece),
            Operation.Protect => KernelMemory.Space->Protect(address + done, wanted - done, protection, out piece),
            _ => KernelMemory.Space->DontNeed(address + done, wanted - done, out piece),
        };
        if (status == MemoryStatus.Done && done + piece < wanted)
        {
            thread->CallProgress = done + piece;
            return Outcome.Again;
        }

        thread->CallProgress = 0;
        return Answer(status);
    }

    // The C library makes its relocated tables read-only (RELRO); the runtime opens a page of constants for a moment at start-up.
    private static long ProtectImage(KernelThread* thread, ulong address, ulong length, ulong protection)
    {
        // An entry costs some 60 instructions to find and change.
        const ulong Piece = 256 * KernelMemory.FrameSize;
        if ((protection & (Write | Execute)) == (Write | Execute))
        {
            return Errno.AccessDenied;
        }

        PageFlags flags = ((protection & Write) != 0 ? PageFlags.Writable : PageFlags.None)
            | ((protection & Execute) != 0 ? PageFlags.None : PageFlags.NoExecute);
        ulong done = thread->CallProgress;
        ulong piece = length - done < Piece ? length - done : Piece;
        PageTableStatus status = KernelMemory.KernelMap->ProtectImagePages(address + done, piece, flags);
        if (status == PageTableStatus.Done && done + piece < length)
        {
            thread->CallProgress = done + piece;
            return Outcome.Again;
        }

        thread->CallProgress = 0;
        return status switch
        {
            PageTableStatus.Done => 0,
            PageTableStatus.NotAllowed => Errno.AccessDenied,
            _ => Errno.NoMemory,
        };
    }

    private static MemoryProtection Protection(ulong bits) =>
        ((bits & Read) != 0 ? MemoryProtection.Read : MemoryProtection.None)
        | ((bits & Write) != 0 ? MemoryProtection.Write : MemoryProtection.None)
        | ((bits & Execute) != 0 ? MemoryProtection.Execute : MemoryProtection.None);

    private static long Answer(MemoryStatus status) => status switch
    {
        MemoryStatus.Done => 0,
        MemoryStatus.Exists => Errno.Exists,
        MemoryStatus.WritableAndExecutable => Errno.AccessDenied,
        MemoryStatus.Invalid => Errno.InvalidArgument,
        _ => Errno.NoMemory,
    };
}
