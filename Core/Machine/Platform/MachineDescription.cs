using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine;

/// <summary>Which firmware table the processors and interrupt controllers came from.</summary>
public enum TopologySource
{
    /// <summary>None was found: one processor, and no I/O APIC.</summary>
    None = 0,

    /// <summary>ACPI's MADT.</summary>
    Acpi = 1,

    /// <summary>Intel's MP table.</summary>
    MultiprocessorTable = 2,
}

/// <summary>
/// What the machine consists of, as far as firmware and the loader tell: filled once at boot by
/// <see cref="MachineDiscovery{TPhysical}"/>, read-only afterwards. It lives in the kernel's static memory, so every table
/// has a fixed capacity; what does not fit, or makes no sense, is left out and counted.
/// </summary>
public unsafe struct MachineDescription
{
    /// <summary>Capacity of the table of processors.</summary>
    public const int MaximumProcessors = IProcessors.Maximum;

    /// <summary>Capacity of the table of I/O APICs.</summary>
    public const int MaximumIoApics = 16;

    /// <summary>Capacity of the table of overrides: one for each ISA line.</summary>
    public const int MaximumOverrides = 16;

    /// <summary>Capacity of the table of configuration-space windows.</summary>
    public const int MaximumEcamRanges = 4;

    /// <summary>Capacity of the table of virtio-mmio windows.</summary>
    public const int MaximumVirtioWindows = 32;

    /// <summary>Capacity of the memory map.</summary>
    public const int MaximumMemoryRanges = 128;

    /// <summary>Capacity of the table of boot modules.</summary>
    public const int MaximumModules = 8;

    /// <summary>Where local APICs sit unless firmware or IA32_APIC_BASE says otherwise.</summary>
    public const ulong DefaultLocalApicAddress = 0xFEE0_0000;

    /// <summary>Physical address of the zero-terminated command line, or 0.</summary>
    public ulong CommandLine;

    /// <summary>Physical address of ACPI's root pointer, or 0.</summary>
    public ulong RootPointer;

    /// <summary>Physical address of the local APICs' register window.</summary>
    public ulong LocalApicAddress;

    /// <summary>The local APIC's interrupt input (0 or 1) that NMI is wired to.</summary>
    public uint NonMaskableInput;

    /// <summary>Where processors and interrupt controllers were read from.</summary>
    public TopologySource TopologySource;

    /// <summary>Whether the machine has the two legacy 8259 controllers, which must be masked (MADT flag PCAT_COMPAT, the MP table's IMCR).</summary>
    public bool HasLegacyPic;

    /// <summary>Index of the century in the real-time clock's memory (FADT), or 0.</summary>
    public byte CenturyRegister;

    /// <summary>Elements of the table of processors.</summary>
    public int ProcessorCount;

    /// <summary>Elements of the table of I/O APICs.</summary>
    public int IoApicCount;

    /// <summary>Elements of the table of overrides.</summary>
    public int OverrideCount;

    /// <summary>Elements of the table of configuration-space windows.</summary>
    public int EcamCount;

    /// <summary>Elements of the table of virtio-mmio windows.</summary>
    public int VirtioWindowCount;

    /// <summary>Elements of the memory map.</summary>
    public int MemoryCount;

    /// <summary>Elements of the table of boot modules.</summary>
    public int ModuleCount;

    /// <summary>Processors that firmware lists without the enabled flag: neither started nor counted.</summary>
    public int DisabledProcessors;

    /// <summary>Entries that found their table full.</summary>
    public int Overflowed;

    /// <summary>Tables and entries that were ignored: wrong checksum, impossible length, address out of reach.</summary>
    public int Malformed;

    /// <summary>Words of the command line that announce a device but make no sense.</summary>
    public int MalformedCommandLineWords;

    private fixed ulong _processors[MaximumProcessors];
    private fixed ulong _ioApics[MaximumIoApics * 3];
    private fixed ulong _overrides[MaximumOverrides * 2];
    private fixed ulong _ecam[MaximumEcamRanges * 2];
    private fixed ulong _virtioWindows[MaximumVirtioWindows * 4];
    private fixed ulong _memory[MaximumMemoryRanges * 3];
    private fixed ulong _modules[MaximumModules * 3];

    /// <summary>Empties the description. Elements past a count are never read, so only the counts need it.</summary>
    public static void Clear(MachineDescription* machine)
    {
        machine->CommandLine = 0;
        machine->RootPointer = 0;
        machine->LocalApicAddress = DefaultLocalApicAddress;
        machine->NonMaskableInput = 1;
        machine->TopologySource = TopologySource.None;
        machine->HasLegacyPic = true;
        machine->CenturyRegister = 0;
        machine->ProcessorCount = 0;
        machine->IoApicCount = 0;
        machine->OverrideCount = 0;
        machine->EcamCount = 0;
        machine->VirtioWindowCount = 0;
        machine->MemoryCount = 0;
        machine->ModuleCount = 0;
        machine->DisabledProcessors = 0;
        machine->Overflowed = 0;
        machine->Malformed = 0;
        machine->MalformedCommandLineWords = 0;
    }

    /// <summary>A processor; null past the end.</summary>
    public static ProcessorEntry* Processor(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->ProcessorCount ? (ProcessorEntry*)machine->_processors + index : null;

    /// <summary>An I/O APIC; null past the end.</summary>
    public static IoApicEntry* IoApic(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->IoApicCount ? (IoApicEntry*)machine->_ioApics + index : null;

    /// <summary>An override; null past the end.</summary>
    public static InterruptOverride* Override(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->OverrideCount ? (InterruptOverride*)machine->_overrides + index : null;

    /// <summary>Where RAM below 4 GiB ends.</summary>
    public static ulong LowMemoryEnd(MachineDescription* machine)
    {
        ulong end = 0;
        for (int i = 0; i < machine->MemoryCount; i++)
        {
            MemoryMapEntry* entry = Memory(machine, i);
            ulong last = entry->Address + entry->Length;
            if (entry->Kind == MemoryKind.Usable && last <= 1UL << 32 && last > end)
            {
                end = last;
            }
        }

        return end;
    }

    /// <summary>A configuration-space window; null past the end.</summary>
    public static EcamRange* Ecam(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->EcamCount ? (EcamRange*)machine->_ecam + index : null;

    /// <summary>A virtio-mmio window; null past the end.</summary>
    public static VirtioMmioWindow* VirtioWindow(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->VirtioWindowCount ? (VirtioMmioWindow*)machine->_virtioWindows + index : null;

    /// <summary>A range of memory; null past the end.</summary>
    public static MemoryMapEntry* Memory(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->MemoryCount ? (MemoryMapEntry*)machine->_memory + index : null;

    /// <summary>A boot module; null past the end.</summary>
    public static BootModule* Module(MachineDescription* machine, int index) =>
        (uint)index < (uint)machine->ModuleCount ? (BootModule*)machine->_modules + index : null;

    /// <summary>Adds an enabled processor; one that is there already (MADT may list it as APIC and as x2APIC) is not added twice.</summary>
    public static void AddProcessor(MachineDescription* machine, uint apicId, uint acpiId)
    {
        if (IndexOfProcessor(machine, apicId) >= 0)
            return;
        if (!Claim(machine, ref machine->ProcessorCount, MaximumProcessors))
            return;
        ProcessorEntry* entry = Processor(machine, machine->ProcessorCount - 1);
        entry->ApicId = apicId;
        entry->AcpiId = acpiId;
    }

    /// <summary>The index of the processor with this APIC id, or -1.</summary>
    public static int IndexOfProcessor(MachineDescription* machine, uint apicId)
    {
        for (int i = 0; i < machine->ProcessorCount; i++)
        {
            if (Processor(machine, i)->ApicId == apicId)
                return i;
        }

        return -1;
    }

    /// <summary>
    /// Makes the processor that runs this the first of the table: index 0 is the bootstrap processor everywhere in the kernel.
    /// Firmware need not list it first, or (broken firmware) at all.
    /// </summary>
    public static void PlaceBootstrapProcessorFirst(MachineDescription* machine, uint apicId)
    {
        int index = IndexOfProcessor(machine, apicId);
        if (index < 0)
        {
            if (machine->ProcessorCount == MaximumProcessors)
            {
                machine->ProcessorCount--;
                machine->Overflowed++;
            }

            AddProcessor(machine, apicId, 0);
            index = machine->ProcessorCount - 1;
        }

        ulong bootstrap = machine->_processors[index];
        for (int i = index; i > 0; i--)
            machine->_processors[i] = machine->_processors[i - 1];
        machine->_processors[0] = bootstrap;
    }

    /// <summary>Adds an I/O APIC; null when the table is full.</summary>
    public static IoApicEntry* AddIoApic(MachineDescription* machine) =>
        Claim(machine, ref machine->IoApicCount, MaximumIoApics) ? IoApic(machine, machine->IoApicCount - 1) : null;

    /// <summary>Adds an override; null when the table is full.</summary>
    public static InterruptOverride* AddOverride(MachineDescription* machine) =>
        Claim(machine, ref machine->OverrideCount, MaximumOverrides) ? Override(machine, machine->OverrideCount - 1) : null;

    /// <summary>Adds a configuration-space window; null when the table is full.</summary>
    public static EcamRange* AddEcam(MachineDescription* machine) =>
        Claim(machine, ref machine->EcamCount, MaximumEcamRanges) ? Ecam(machine, machine->EcamCount - 1) : null;

    /// <summary>Adds a range of memory; null when the table is full.</summary>
    public static MemoryMapEntry* AddMemory(MachineDescription* machine) =>
        Claim(machine, ref machine->MemoryCount, MaximumMemoryRanges) ? Memory(machine, machine->MemoryCount - 1) : null;

    /// <summary>Adds a boot module; null when the table is full.</summary>
    public static BootModule* AddModule(MachineDescription* machine) =>
        Claim(machine, ref machine->ModuleCount, MaximumModules) ? Module(machine, machine->ModuleCount - 1) : null;

    /// <summary>
    /// Adds a virtio-mmio window; null when the table is full or the same address is announced twice
    /// (by ACPI and on the command line: the first stands).
    /// </summary>
    public static VirtioMmioWindow* AddVirtioWindow(MachineDescription* machine, ulong address)
    {
        for (int i = 0; i < machine->VirtioWindowCount; i++)
        {
            if (VirtioWindow(machine, i)->Address == address)
                return null;
        }

        if (!Claim(machine, ref machine->VirtioWindowCount, MaximumVirtioWindows))
            return null;
        VirtioMmioWindow* window = VirtioWindow(machine, machine->VirtioWindowCount - 1);
        window->Address = address;
        return window;
    }

    /// <summary>
    /// Where an ISA interrupt arrives: by its override, or else identity-mapped as a rising edge (ACPI 6.5, 5.2.12.5).
    /// </summary>
    public static void ResolveIsaInterrupt(MachineDescription* machine, uint source, InterruptOverride* route)
    {
        route->Source = source;
        route->GlobalInterrupt = source;
        route->Polarity = InterruptPolarity.ActiveHigh;
        route->Trigger = InterruptTrigger.Edge;
        for (int i = 0; i < machine->OverrideCount; i++)
        {
            InterruptOverride* candidate = Override(machine, i);
            if (candidate->Source != source)
                continue;
            route->GlobalInterrupt = candidate->GlobalInterrupt;
            route->Polarity = candidate->Polarity;
            route->Trigger = candidate->Trigger;
            return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Claim(MachineDescription* machine, ref int count, int maximum)
    {
        if (count >= maximum)
        {
            machine->Overflowed++;
            return false;
        }

        count++;
        return true;
    }
}
