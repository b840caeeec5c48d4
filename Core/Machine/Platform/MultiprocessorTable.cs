namespace Troupe.Core.Machine;

/// <summary>
/// Intel's MultiProcessor specification, version 1.4: the floating pointer structure and the configuration table that it
/// points to. Machines without ACPI (QEMU's <c>microvm,acpi=off</c>, Firecracker) have only this.
/// </summary>
public readonly unsafe struct MultiprocessorTable<TPhysical> : IFirmwareStructure
    where TPhysical : struct, IPhysicalMemory
{
    private const uint PointerSignature = 0x5F50_4D5F; // "_MP_"
    private const ulong PointerLength = 16;
    private const uint TableSignature = 0x504D_4350; // "PCMP"
    private const uint HeaderLength = 44;

    private const byte ProcessorType = 0;
    private const byte BusType = 1;
    private const byte IoApicType = 2;
    private const byte IoInterruptType = 3;
    private const byte LocalInterruptType = 4;
    private const uint ProcessorLength = 20;
    private const uint OtherLength = 8;

    private const byte Enabled = 1;
    private const byte VectoredInterrupt = 0;
    private const byte NonMaskableInterrupt = 1;

    // The table does not tell how many pins an I/O APIC has; those after the first follow the usual 24 of each.
    private const uint UsualPins = 24;

    // Bus ids of ISA buses as bits; the specification numbers buses from 0 without gaps.
    private const byte HighestBus = 63;

    /// <inheritdoc/>
    public static bool IsAt(ulong address) =>
        TPhysical.Read32(address) == PointerSignature
        && TPhysical.Read8(address + 8) == 1 // length in paragraphs
        && FirmwareChecksum<TPhysical>.IsRight(address, PointerLength);

    /// <summary>Finds and reads the table.</summary>
    /// <returns>Whether it told of at least one processor.</returns>
    public static bool Read(MachineDescription* machine)
    {
        ulong pointer = FirmwareSearch<TPhysical, MultiprocessorTable<TPhysical>>.Find();
        if (pointer == 0)
            return false;

        ulong table = TPhysical.Read32(pointer + 4);
        if (table == 0 || !TPhysical.IsReadable(table, HeaderLength) || TPhysical.Read32(table) != TableSignature)
        {
            machine->Malformed++; // or one of the specification's default configurations, which no virtual machine uses
            return false;
        }

        uint length = TPhysical.Read16(table + 4);
        if (length < HeaderLength || !FirmwareChecksum<TPhysical>.IsRight(table, length))
        {
            machine->Malformed++;
            return false;
        }

        machine->IoApicCount = 0; // a MADT without processors may have left some
        machine->OverrideCount = 0;
        machine->LocalApicAddress = TPhysical.Read32(table + 36);
        ReadEntries(table, length, machine);
        if (machine->ProcessorCount == 0)
            return false;
        machine->TopologySource = TopologySource.MultiprocessorTable;
        return true;
    }

    private static void ReadEntries(ulong table, uint length, MachineDescription* machine)
    {
        // To the table's end, not to its count of entries, which qboot leaves 0.
        uint offset = HeaderLength;
        ulong isaBuses = 0;
        while (offset < length)
        {
            byte type = TPhysical.Read8(table + offset);
            uint entryLength = type == ProcessorType ? ProcessorLength : OtherLength;
            if (type > LocalInterruptType || length - offset < entryLength)
            {
                machine->Malformed++; // where the next entry starts is unknown: what was read stands
                return;
            }

            ulong entry = table + offset;
            switch (type)
            {
                case ProcessorType:
                    ReadProcessor(entry, machine);
                    break;
                case BusType:
                    byte bus = TPhysical.Read8(entry + 1);
                    if (bus <= HighestBus && IsIsa(entry + 2))
                        isaBuses |= 1UL << bus;
                    break;
                case IoApicType:
                    ReadIoApic(entry, machine);
                    break;
                case IoInterruptType:
                    ReadInterrupt(entry, isaBuses, machine);
                    break;
                case LocalInterruptType:
                    if (TPhysical.Read8(entry + 1) == NonMaskableInterrupt && TPhysical.Read8(entry + 7) <= 1)
                        machine->NonMaskableInput = TPhysical.Read8(entry + 7);
                    break;
            }

            offset += entryLength;
        }
    }

    private static void ReadProcessor(ulong entry, MachineDescription* machine)
    {
        if ((TPhysical.Read8(entry + 3) & Enabled) != 0)
            MachineDescription.AddProcessor(machine, TPhysical.Read8(entry + 1), 0);
        else
            machine->DisabledProcessors++;
    }

    private static bool IsIsa(ulong name) =>
        TPhysical.Read8(name) == (byte)'I' && TPhysical.Read8(name + 1) == (byte)'S' && TPhysical.Read8(name + 2) == (byte)'A';

    private static void ReadIoApic(ulong entry, MachineDescription* machine)
    {
        if ((TPhysical.Read8(entry + 3) & Enabled) == 0)
            return;
        uint interruptBase = (uint)machine->IoApicCount * UsualPins;
        IoApicEntry* added = MachineDescription.AddIoApic(machine);
        if (added == null)
            return;
        added->Pins = 0;
        added->Id = TPhysical.Read8(entry + 1);
        added->Address = TPhysical.Read32(entry + 4);
        added->InterruptBase = interruptBase;
    }

    private static void ReadInterrupt(ulong entry, ulong isaBuses, MachineDescription* machine)
    {
        byte bus = TPhysical.Read8(entry + 4);
        byte source = TPhysical.Read8(entry + 5);
        bool isIsa = bus <= HighestBus && ((isaBuses >> bus) & 1) != 0;
        if (TPhysical.Read8(entry + 1) != VectoredInterrupt || !isIsa || source > 15)
            return; // PCI's wiring is not needed: devices there use message-signalled interrupts

        InterruptOverride route;
        route.Source = source;
        InterruptFlags.Decode(TPhysical.Read16(entry + 2), &route);
        route.GlobalInterrupt = TPhysical.Read8(entry + 7) + InterruptBase(TPhysical.Read8(entry + 6), machine);
        bool isDefault = route.GlobalInterrupt == source && route.Trigger == InterruptTrigger.Edge
            && route.Polarity == InterruptPolarity.ActiveHigh;
        if (isDefault)
            return;
        InterruptOverride* added = MachineDescription.AddOverride(machine);
        if (added == null)
            return;
        added->Source = route.Source;
        added->GlobalInterrupt = route.GlobalInterrupt;
        added->Polarity = route.Polarity;
        added->Trigger = route.Trigger;
    }

    private static uint InterruptBase(byte ioApicId, MachineDescription* machine)
    {
        for (int i = 0; i < machine->IoApicCount; i++)
        {
            if (MachineDescription.IoApic(machine, i)->Id == ioApicId)
                return MachineDescription.IoApic(machine, i)->InterruptBase;
        }

        return 0;
    }
}
