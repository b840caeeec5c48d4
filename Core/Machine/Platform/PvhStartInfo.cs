namespace Troupe.Core.Machine;

/// <summary>
/// The structure whose address the loader hands over in EBX: Xen's <c>hvm_start_info</c>, versions 0 and 1
/// (xen/include/public/arch-x86/hvm/start_info.h), as QEMU, Xen, Firecracker and cloud-hypervisor fill it.
/// </summary>
public static unsafe class PvhStartInfo<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>XEN_HVM_START_MAGIC_VALUE: "xEn3" with the 0x80 bit of the "E" set.</summary>
    public const uint Magic = 0x336E_C578;

    private const ulong VersionOffset = 4;
    private const ulong ModuleCountOffset = 12;
    private const ulong ModuleListOffset = 16;
    private const ulong CommandLineOffset = 24;
    private const ulong RootPointerOffset = 32;
    private const ulong MemoryMapOffset = 40; // from version 1
    private const ulong MemoryMapCountOffset = 48;
    private const ulong LengthVersion0 = 40;
    private const ulong LengthVersion1 = 56;
    private const ulong ModuleEntryLength = 32;
    private const ulong MemoryEntryLength = 24;

    // A count above this is a damaged structure, and following it would hold up the boot.
    private const uint PlausibleCount = 1024;

    /// <summary>Reads the structure into the description: command line, ACPI root pointer, modules, memory map.</summary>
    /// <returns>False when there is no such structure at the address.</returns>
    public static bool Read(ulong startInfo, MachineDescription* machine)
    {
        if (startInfo == 0 || !TPhysical.IsReadable(startInfo, LengthVersion0) || TPhysical.Read32(startInfo) != Magic)
            return false;

        ulong commandLine = TPhysical.Read64(startInfo + CommandLineOffset);
        machine->CommandLine = commandLine != 0 && TPhysical.IsReadable(commandLine, 1) ? commandLine : 0;
        machine->RootPointer = TPhysical.Read64(startInfo + RootPointerOffset);
        ReadModules(TPhysical.Read64(startInfo + ModuleListOffset), TPhysical.Read32(startInfo + ModuleCountOffset), machine);

        if (TPhysical.Read32(startInfo + VersionOffset) >= 1 && TPhysical.IsReadable(startInfo, LengthVersion1))
            ReadMemoryMap(TPhysical.Read64(startInfo + MemoryMapOffset), TPhysical.Read32(startInfo + MemoryMapCountOffset), machine);
        return true;
    }

    private static void ReadModules(ulong list, uint count, MachineDescription* machine)
    {
        if (count > PlausibleCount)
        {
            machine->Malformed++;
            count = PlausibleCount;
        }

        for (uint i = 0; i < count; i++)
        {
            ulong entry = list + (i * ModuleEntryLength);
            if (entry < list || !TPhysical.IsReadable(entry, ModuleEntryLength))
            {
                machine->Malformed++;
                return;
            }

            ulong address = TPhysical.Read64(entry);
            ulong length = TPhysical.Read64(entry + 8);
            if (address + length < address)
            {
                machine->Malformed++;
                continue;
            }

            BootModule* module = MachineDescription.AddModule(machine);
            if (module == null)
                return;
            module->Address = address;
            module->Length = length;
            module->CommandLine = TPhysical.Read64(entry + 16);
        }
    }

    private static void ReadMemoryMap(ulong list, uint count, MachineDescription* machine)
    {
        if (count > PlausibleCount)
        {
            machine->Malformed++;
            count = PlausibleCount;
        }

        for (uint i = 0; i < count; i++)
        {
            ulong entry = list + (i * MemoryEntryLength);
            if (entry < list || !TPhysical.IsReadable(entry, MemoryEntryLength))
            {
                machine->Malformed++;
                return;
            }

            ulong address = TPhysical.Read64(entry);
            ulong length = TPhysical.Read64(entry + 8);
            if (length == 0)
                continue;
            if (address + length < address)
            {
                machine->Malformed++;
                continue;
            }

            MemoryMapEntry* range = MachineDescription.AddMemory(machine);
            if (range == null)
                return;
            range->Address = address;
            range->Length = length;
            range->Kind = (MemoryKind)TPhysical.Read32(entry + 16);
        }
    }
}
