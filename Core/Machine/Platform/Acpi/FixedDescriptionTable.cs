namespace Troupe.Core.Machine;

/// <summary>The fixed ACPI description table, FADT (ACPI 6.5, 5.2.9), as far as the kernel needs it.</summary>
public static unsafe class FixedDescriptionTable<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const uint DefinitionsOffset = 40; // DSDT
    private const uint CenturyOffset = 108; // CENTURY
    private const uint ExtendedDefinitionsOffset = 140; // X_DSDT
    private const byte ClockMemorySize = 128; // an index beyond is no register

    /// <summary>Reads a table whose checksum is right.</summary>
    /// <returns>The address of the DSDT, or 0.</returns>
    public static ulong Read(ulong table, uint length, MachineDescription* machine)
    {
        if (length < DefinitionsOffset + sizeof(uint))
            return 0;
        if (length > CenturyOffset)
        {
            byte century = TPhysical.Read8(table + CenturyOffset);
            machine->CenturyRegister = century < ClockMemorySize ? century : (byte)0;
        }

        ulong definitions = length >= ExtendedDefinitionsOffset + sizeof(ulong) ? TPhysical.Read64(table + ExtendedDefinitionsOffset) : 0;
        return definitions != 0 ? definitions : TPhysical.Read32(table + DefinitionsOffset);
    }
}
