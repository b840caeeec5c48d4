namespace Troupe.Core.Machine;

/// <summary>Follows ACPI's tables from the root, and hands each of interest to its reader.</summary>
public static unsafe class AcpiTables<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const uint RsdtSignature = 0x5444_5352; // "RSDT"
    private const uint XsdtSignature = 0x5444_5358; // "XSDT"
    private const uint MadtSignature = 0x4349_5041; // "APIC"
    private const uint McfgSignature = 0x4746_434D; // "MCFG"
    private const uint FadtSignature = 0x5043_4146; // "FACP"
    private const uint DsdtSignature = 0x5444_5344; // "DSDT"
    private const uint SsdtSignature = 0x5444_5353; // "SSDT"

    // A list that names more tables than this is damaged.
    private const uint MostTables = 256;

    /// <summary>Reads what the tables under this root say. The XSDT is preferred; a damaged one falls back to the RSDT.</summary>
    /// <returns>Whether there was a sound list of tables.</returns>
    public static bool Read(ulong root, MachineDescription* machine)
    {
        ulong xsdt = RootPointer<TPhysical>.Xsdt(root);
        if (xsdt != 0)
        {
            uint length = AcpiTable<TPhysical>.Verify(xsdt);
            if (length != 0 && AcpiTable<TPhysical>.Signature(xsdt) == XsdtSignature)
                return ReadList(xsdt, length, sizeof(ulong), machine);
            machine->Malformed++;
        }

        ulong rsdt = RootPointer<TPhysical>.Rsdt(root);
        uint shortLength = AcpiTable<TPhysical>.Verify(rsdt);
        if (shortLength != 0 && AcpiTable<TPhysical>.Signature(rsdt) == RsdtSignature)
            return ReadList(rsdt, shortLength, sizeof(uint), machine);
        machine->Malformed++;
        return false;
    }

    private static bool ReadList(ulong list, uint length, uint entrySize, MachineDescription* machine)
    {
        uint count = (length - AcpiTable<TPhysical>.HeaderLength) / entrySize;
        if (count > MostTables)
        {
            count = MostTables;
            machine->Malformed++;
        }

        for (uint i = 0; i < count; i++)
        {
            ulong entry = list + AcpiTable<TPhysical>.HeaderLength + (i * entrySize);
            ReadTable(entrySize == sizeof(ulong) ? TPhysical.Read64(entry) : TPhysical.Read32(entry), machine);
        }

        return true;
    }

    private static void ReadTable(ulong table, MachineDescription* machine)
    {
        uint length = AcpiTable<TPhysical>.Verify(table);
        if (length == 0)
        {
            machine->Malformed++;
            return;
        }

        switch (AcpiTable<TPhysical>.Signature(table))
        {
            case MadtSignature:
                MultipleApicTable<TPhysical>.Read(table, length, machine);
                break;
            case McfgSignature:
                MemoryMappedConfigurationTable<TPhysical>.Read(table, length, machine);
                break;
            case FadtSignature:
                ulong definitions = FixedDescriptionTable<TPhysical>.Read(table, length, machine);
                uint definitionsLength = AcpiTable<TPhysical>.Verify(definitions);
                if (definitionsLength != 0 && AcpiTable<TPhysical>.Signature(definitions) == DsdtSignature)
                    VirtioMmioAmlScan<TPhysical>.Scan(definitions, definitionsLength, machine);
                else
                    machine->Malformed++;
                break;
            case SsdtSignature:
                VirtioMmioAmlScan<TPhysical>.Scan(table, length, machine);
                break;
        }
    }
}
