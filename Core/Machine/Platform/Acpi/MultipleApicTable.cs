namespace Troupe.Core.Machine;

/// <summary>The multiple APIC description table, MADT (ACPI 6.5, 5.2.12): processors, I/O APICs, interrupt wiring.</summary>
public static unsafe class MultipleApicTable<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const uint AddressOffset = 36;
    private const uint FlagsOffset = 40;
    private const uint FirstEntry = 44;
    private const uint LegacyControllersPresent = 1; // PCAT_COMPAT
    private const uint Enabled = 1; // flags of a processor; bit 1, online capable, means "may be plugged in": not there now
    private const byte XApicBroadcast = 0xFF;
    private const uint X2ApicBroadcast = 0xFFFF_FFFF;

    // Types of entries (table 5.21) and their lengths
    private const byte ProcessorType = 0, ProcessorLength = 8;
    private const byte IoApicType = 1, IoApicLength = 12;
    private const byte OverrideType = 2, OverrideLength = 10;
    private const byte LocalNmiType = 4, LocalNmiLength = 6;
    private const byte AddressOverrideType = 5, AddressOverrideLength = 12;
    private const byte X2ApicType = 9, X2ApicLength = 16;
    private const byte X2ApicNmiType = 10, X2ApicNmiLength = 12;

    /// <summary>Reads a table whose checksum is right.</summary>
    public static void Read(ulong table, uint length, MachineDescription* machine)
    {
        if (length < FirstEntry || machine->TopologySource == TopologySource.Acpi)
        {
            machine->Malformed++; // too short, or a second table
            return;
        }

        machine->LocalApicAddress = TPhysical.Read32(table + AddressOffset);
        machine->HasLegacyPic = (TPhysical.Read32(table + FlagsOffset) & LegacyControllersPresent) != 0;
        uint offset = FirstEntry;
        while (length - offset >= 2)
        {
            byte entryLength = TPhysical.Read8(table + offset + 1);
            if (entryLength < 2 || entryLength > length - offset)
            {
                machine->Malformed++; // where the next entry starts is unknown: what was read stands
                break;
            }

            ReadEntry(table + offset, entryLength, machine);
            offset += entryLength;
        }

        if (machine->ProcessorCount > 0)
            machine->TopologySource = TopologySource.Acpi;
    }

    private static void ReadEntry(ulong entry, byte length, MachineDescription* machine)
    {
        byte type = TPhysical.Read8(entry);
        switch (type)
        {
            case ProcessorType when length >= ProcessorLength:
                byte apicId = TPhysical.Read8(entry + 3);
                AddProcessor(apicId, apicId == XApicBroadcast, TPhysical.Read8(entry + 2), TPhysical.Read32(entry + 4), machine);
                break;
            case X2ApicType when length >= X2ApicLength:
                uint x2ApicId = TPhysical.Read32(entry + 4);
                AddProcessor(x2ApicId, x2ApicId == X2ApicBroadcast, TPhysical.Read32(entry + 12), TPhysical.Read32(entry + 8), machine);
                break;
            case IoApicType when length >= IoApicLength:
                IoApicEntry* ioApic = MachineDescription.AddIoApic(machine);
                if (ioApic == null)
                    break;
                ioApic->Pins = 0;
                ioApic->Id = TPhysical.Read8(entry + 2);
                ioApic->Address = TPhysical.Read32(entry + 4);
                ioApic->InterruptBase = TPhysical.Read32(entry + 8);
                break;
            case OverrideType when length >= OverrideLength:
                AddOverride(entry, machine);
                break;
            case LocalNmiType when length >= LocalNmiLength:
                SetNonMaskableInput(TPhysical.Read8(entry + 5), machine);
                break;
            case X2ApicNmiType when length >= X2ApicNmiLength:
                SetNonMaskableInput(TPhysical.Read8(entry + 8), machine);
                break;
            case AddressOverrideType when length >= AddressOverrideLength:
                machine->LocalApicAddress = TPhysical.Read64(entry + 4);
                break;
            case ProcessorType or X2ApicType or IoApicType or OverrideType or LocalNmiType or X2ApicNmiType or AddressOverrideType:
                machine->Malformed++; // shorter than its type needs
                break;
        }
    }

    private static void AddProcessor(uint apicId, bool isBroadcast, uint acpiId, uint flags, MachineDescription* machine)
    {
        if ((flags & Enabled) == 0)
            machine->DisabledProcessors++;
        else if (isBroadcast)
            machine->Malformed++;
        else
            MachineDescription.AddProcessor(machine, apicId, acpiId);
    }

    private static void AddOverride(ulong entry, MachineDescription* machine)
    {
        const byte IsaBus = 0;
        byte source = TPhysical.Read8(entry + 3);
        if (TPhysical.Read8(entry + 2) != IsaBus || source > 15)
        {
            machine->Malformed++;
            return;
        }

        InterruptOverride* added = MachineDescription.AddOverride(machine);
        if (added == null)
            return;
        added->Source = source;
        added->GlobalInterrupt = TPhysical.Read32(entry + 4);
        InterruptFlags.Decode(TPhysical.Read16(entry + 8), added);
    }

    private static void SetNonMaskableInput(byte input, MachineDescription* machine)
    {
        if (input <= 1)
            machine->NonMaskableInput = input;
        else
            machine->Malformed++;
    }
}
