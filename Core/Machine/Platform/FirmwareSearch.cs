namespace Troupe.Core.Machine;

/// <summary>
/// Searches the places where a PC's firmware leaves structures (ACPI 6.5, 5.2.5.1; MP specification 1.4, 4): the first
/// kilobyte of the extended BIOS data area, the last kilobyte of base memory, and the BIOS' read-only area. QEMU's qboot leaves
/// the BIOS data area empty and puts the MP table at 639 KiB, so that kilobyte is looked at in any case, as Linux does.
/// </summary>
public static class FirmwareSearch<TPhysical, TStructure>
    where TPhysical : struct, IPhysicalMemory
    where TStructure : struct, IFirmwareStructure
{
    private const ulong ExtendedDataSegmentAt = 0x40E; // BIOS data area: real-mode segment of the extended one
    private const ulong BaseMemorySizeAt = 0x413; // BIOS data area: kilobytes of base memory
    private const ulong Kilobyte = 1024;
    private const ulong ReadOnlyArea = 0xE_0000;
    private const ulong EndOfReadOnlyArea = 0x10_0000;
    private const ulong EndOfBaseMemory = 0xA_0000;
    private const ulong Alignment = 16;

    /// <summary>Finds the structure.</summary>
    /// <returns>Its address, or 0.</returns>
    public static ulong Find()
    {
        ulong found = 0;
        if (TPhysical.IsReadable(ExtendedDataSegmentAt, 8))
        {
            ulong extended = (ulong)TPhysical.Read16(ExtendedDataSegmentAt) << 4;
            if (extended is >= 0x400 and < EndOfBaseMemory)
                found = Find(extended, extended + Kilobyte);
            ulong baseMemory = TPhysical.Read16(BaseMemorySizeAt) * Kilobyte;
            if (found == 0 && baseMemory is >= Kilobyte and <= EndOfBaseMemory)
                found = Find(baseMemory - Kilobyte, baseMemory);
        }

        if (found == 0)
            found = Find(EndOfBaseMemory - Kilobyte, EndOfBaseMemory);
        return found != 0 ? found : Find(ReadOnlyArea, EndOfReadOnlyArea);
    }

    private static ulong Find(ulong start, ulong end)
    {
        for (ulong address = start & ~(Alignment - 1); address + Alignment <= end; address += Alignment)
        {
            if (TPhysical.IsReadable(address, Alignment) && TStructure.IsAt(address))
                return address;
        }

        return 0;
    }
}
