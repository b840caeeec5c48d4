using System.Runtime.InteropServices;
using Troupe.Core.Machine.Memory;
using Troupe.Core.Memory;
using Shootdown = Troupe.Core.Machine.Memory.TlbShootdown<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.HostedTranslation>;
using Space = Troupe.Core.Machine.Memory.AddressSpace<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical, Troupe.Core.Tests.Memory.HostedTranslation>;
using Table = Troupe.Core.Machine.Memory.PageTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical>;

namespace Troupe.Core.Tests.Memory;

/// <summary>An address space on a hosted machine, with a memory management unit in software.</summary>
public sealed unsafe class HostedAddressSpace : IDisposable
{
    private readonly HostedMachine _machine;

    public HostedAddressSpace(ulong megabytes = 64, long stackReserve = 256, long? limit = null)
    {
        _machine = HostedMachine.WithMegabytes(megabytes);
        Table = (Table*)NativeMemory.AllocZeroed((nuint)sizeof(Table));
        Shootdown = (Shootdown*)NativeMemory.AllocZeroed((nuint)sizeof(Shootdown));
        Commit = (CommitLimit<ProcessorMemory>*)NativeMemory.AllocZeroed((nuint)sizeof(CommitLimit<ProcessorMemory>));
        Space = (Space*)NativeMemory.AllocZeroed((nuint)sizeof(Space));
        HostedTranslation.Cache.Clear();
        HostedTranslation.OnInvalidate = null;
        Assert.True(Table->Initialize(_machine.Frames));
        UsedAtStart = Frames->UsedFrames;
        long free = limit is null ? Frames->FreeFrames : limit.Value + stackReserve;
        Assert.True(Commit->Initialize(free, stackReserve));
        Assert.True(Space->Initialize(Table, Frames, Commit, Shootdown));
        Shootdown->EnterRunning();
    }

    public FrameAllocator<ProcessorMemory, HostedProcessors, NativePhysical>* Frames => _machine.Frames;

    public Table* Table { get; }

    public Shootdown* Shootdown { get; }

    public CommitLimit<ProcessorMemory>* Commit { get; }

    public Space* Space { get; }

    public long UsedAtStart { get; }

    /// <summary>What an instruction does: translate through the cache, fault if the translation forbids it, try again.</summary>
    public FaultResult Access(ulong address, MemoryAccess access, out byte* memory)
    {
        ulong page = PageSize.Down(address, PageSize.Small);
        while (true)
        {
            if (HostedTranslation.Cache.TryGetValue(page, out (ulong Physical, PageFlags Flags) cached) && Permits(cached.Flags, access))
            {
                memory = NativePhysical.At(cached.Physical) + (address - page);
                return FaultResult.Handled;
            }

            if (Table->Translate(page, out ulong physical, out PageFlags flags) && Permits(flags, access))
            {
                HostedTranslation.Cache[page] = (physical, flags);
                continue;
            }

            FaultResult result = Space->HandleFault(address, access);
            if (result != FaultResult.Handled)
            {
                memory = null;
                return result;
            }
        }
    }

    public byte Read(ulong address)
    {
        Assert.Equal(FaultResult.Handled, Access(address, MemoryAccess.Read, out byte* memory));
        return *memory;
    }

    public void Write(ulong address, byte value)
    {
        Assert.Equal(FaultResult.Handled, Access(address, MemoryAccess.Write, out byte* memory));
        *memory = value;
    }

    public ulong Map(ulong length, MemoryProtection protection, MapFlags flags = MapFlags.None, ulong hint = 0)
    {
        Assert.Equal(MemoryStatus.Done, Space->Map(hint, length, protection, flags, out ulong address, out ulong done));
        for (ulong at = done; at < length; at += done)
        {
            MemoryStatus status = (flags & MapFlags.Fixed) != 0
                ? Space->Map(address + at, length - at, protection, flags, out _, out done)
                : Space->Protect(address + at, length - at, protection, out done);
            Assert.Equal(MemoryStatus.Done, status);
        }

        return address;
    }

    public ulong Break(ulong requested)
    {
        ulong end = 0;
        for (bool isDone = false; !isDone;)
            end = Space->Break(requested, out isDone);
        return end;
    }

    public void Unmap(ulong address, ulong length)
    {
        for (ulong at = 0; at < length;)
        {
            Assert.Equal(MemoryStatus.Done, Space->Unmap(address + at, length - at, out ulong done));
            Assert.NotEqual(0UL, done);
            at += done;
        }
    }

    public MemoryStatus Protect(ulong address, ulong length, MemoryProtection protection)
    {
        for (ulong at = 0; at < length;)
        {
            MemoryStatus status = Space->Protect(address + at, length - at, protection, out ulong done);
            if (status != MemoryStatus.Done)
                return status;
            Assert.NotEqual(0UL, done);
            at += done;
        }

        return MemoryStatus.Done;
    }

    public void DontNeed(ulong address, ulong length)
    {
        for (ulong at = 0; at < length;)
        {
            Assert.Equal(MemoryStatus.Done, Space->DontNeed(address + at, length - at, out ulong done));
            Assert.NotEqual(0UL, done);
            at += done;
        }
    }

    /// <summary>Every frame in use is charged: the invariant on which demand zero rests.</summary>
    public void CheckAccounts()
    {
        Assert.True(Space->IsSound());
        long used = Frames->UsedFrames - UsedAtStart;
        Assert.True(used <= Commit->Charged + Commit->ReserveTaken, $"{used} frames in use, {Commit->Charged} charged, {Commit->ReserveTaken} of the reserve");
        Assert.InRange(Commit->Charged, 0, Commit->Limit);
        Assert.InRange(Commit->ReserveTaken, 0, Commit->Reserve);
        Assert.Empty(HostedMachine.Errors);
    }

    public void Dispose()
    {
        NativeMemory.Free(Table);
        NativeMemory.Free(Shootdown);
        NativeMemory.Free(Commit);
        NativeMemory.Free(Space);
        _machine.Dispose();
    }

    private static bool Permits(PageFlags flags, MemoryAccess access) => access switch
    {
        MemoryAccess.Write => (flags & PageFlags.Writable) != 0,
        MemoryAccess.Execute => (flags & PageFlags.NoExecute) == 0,
        _ => true,
    };
}
