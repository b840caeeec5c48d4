using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Xen;

namespace Troupe.Smp.Kernel.Start;

/// <summary>From the machine's memory map to the frame allocator and the kernel's own page tables. Boot processor only.</summary>
internal static unsafe class MemorySetup
{
    private const int MaximumRanges = MachineDescription.MaximumMemoryRanges;
    private const uint LoadableSegment = 1;

    /// <summary>Builds everything and switches to the new map. The machine's tables have been read.</summary>
    internal static void Build(MachineDescription* machine, CpuFeatures* features, ulong startInfo)
    {
        MemoryRange* ranges = (MemoryRange*)KernelScratch.Ranges;
        int usable = 0;
        for (int i = 0; i < machine->MemoryCount; i++)
        {
            MemoryMapEntry* entry = MachineDescription.Memory(machine, i);
            if (entry->Kind == MemoryKind.Usable)
            {
                Set(ranges + usable++, entry->Address, entry->Address + entry->Length);
            }
        }

        MemoryRange* reserved = ranges + MaximumRanges;
        int count = 0;
        Set(reserved + count++, ImageSymbols.ImageHeader(), ImageSymbols.ImageEnd());
        Set(reserved + count++, startInfo, startInfo + KernelMemory.FrameSize);
        for (int i = 0; i < machine->ModuleCount; i++)
        {
            BootModule* module = MachineDescription.Module(machine, i);
            Set(reserved + count++, module->Address, module->Address + module->Length);
        }

        if (!KernelMemory.FrameAllocator->Initialize(ranges, usable, reserved, count, &KernelMemory.FrameErrorHandler)
            || !KernelMemory.PageTables->Initialize(KernelMemory.FrameAllocator))
        {
            Panic.Now("not enough memory for the frame allocator"u8);
        }

        int ram = 0;
        ulong highest = 0;
        for (int i = 0; i < machine->MemoryCount; i++)
        {
            MemoryMapEntry* entry = MachineDescription.Memory(machine, i);
            if (entry->Kind is MemoryKind.Usable or MemoryKind.AcpiReclaimable or MemoryKind.AcpiNonVolatile)
            {
                ulong end = entry->Address + entry->Length;
                Set(ranges + ram++, entry->Address, end);
                highest = end > highest ? end : highest;
            }
        }

        Require(KernelMemory.KernelMap->Build(KernelMemory.PageTables, KernelMemory.TlbShootdown, ranges, ram, features->GigabytePages));
        ProtectImage(ranges);
        XenGuest.MapPages();
        SecondaryProcessors.CopyTrampoline(KernelMemory.PageTables->Root);
        Instructions.WriteCr3(KernelMemory.PageTables->Root);
        Instructions.FlushAll();
        KernelPhysicalMemory.SetLimit(highest);
        KernelMemory.FrameAllocator->AdmitHighMemory();
        Require(KernelMemory.KernelMap->Unmap(ImageSymbols.BootStackGuard(), KernelMemory.FrameSize));
        for (int i = 0; i < ProcessorBlocks.BootTrapStacks; i++)
        {
            Require(KernelMemory.KernelMap->Unmap(ProcessorBlocks.BootTrapStackGuard(i), KernelMemory.FrameSize));
        }
    }

    /// <summary>Maps a device's registers or ends the guest.</summary>
    internal static ulong RequireDevice(ulong address, ulong bytes)
    {
        Require(KernelMemory.KernelMap->MapDevice(address, bytes, out ulong at));
        return at;
    }

    // The ELF header lies in the first segment: rights come from the program headers (System V gABI, 5).
    private static void ProtectImage(MemoryRange* scratch)
    {
        var segments = (ImageSegment*)scratch;
        ulong header = ImageSymbols.ImageHeader();
        ulong entry = header + *(ulong*)(header + 32);
        int entries = *(ushort*)(header + 56);
        int count = 0;
        for (int i = 0; i < entries; i++, entry += 56)
        {
            if (*(uint*)entry == LoadableSegment)
            {
                Set(&segments[count].Range, *(ulong*)(entry + 16), *(ulong*)(entry + 16) + *(ulong*)(entry + 40));
                segments[count++].Flags = *(uint*)(entry + 4);
            }
        }

        Require(KernelMemory.KernelMap->ProtectImage(segments, count));
    }

    private static void Set(MemoryRange* range, ulong start, ulong end)
    {
        range->Start = start;
        range->End = end;
    }

    private static void Require(PageTableStatus status)
    {
        if (status != PageTableStatus.Done)
        {
            Panic.Now("the kernel's page tables could not be built: "u8, (ulong)status);
        }
    }
}
