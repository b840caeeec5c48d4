namespace Troupe.Core.Machine;

/// <summary>The MCFG table (PCI Firmware specification 3.3, 4.1.2): where PCI Express configuration space is mapped.</summary>
public static unsafe class MemoryMappedConfigurationTable<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const uint FirstEntry = 44; // header and eight reserved bytes
    private const uint EntryLength = 16;

    /// <summary>Reads a table whose checksum is right.</summary>
    public static void Read(ulong table, uint length, MachineDescription* machine)
    {
        if (length < FirstEntry)
        {
            machine->Malformed++;
            return;
        }

        for (uint offset = FirstEntry; length - offset >= EntryLength; offset += EntryLength)
        {
            ulong entry = table + offset;
            ulong address = TPhysical.Read64(entry);
            byte firstBus = TPhysical.Read8(entry + 10);
            byte lastBus = TPhysical.Read8(entry + 11);
            const ulong BytesOfAllBuses = 256UL << 20;
            if (address == 0 || (address & 0xFFFFF) != 0 || address > ulong.MaxValue - BytesOfAllBuses || lastBus < firstBus)
            {
                machine->Malformed++;
                continue;
            }

            EcamRange* range = MachineDescription.AddEcam(machine);
            if (range == null)
                return;
            range->Address = address;
            range->Segment = TPhysical.Read16(entry + 8);
            range->FirstBus = firstBus;
            range->LastBus = lastBus;
        }
    }
}
