namespace Troupe.Core.Machine;

/// <summary>The header that ACPI's tables share (ACPI 6.5, 5.2.6).</summary>
public static class AcpiTable<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>Bytes of the header.</summary>
    public const uint HeaderLength = 36;

    // The largest seen on servers is well under a megabyte; a larger length is damage, and adding it up would take long.
    private const uint LongestPlausible = 4 << 20;

    private const ulong LengthOffset = 4;

    /// <summary>Checks length, reach and checksum.</summary>
    /// <param name="address">Where the table should be.</param>
    /// <returns>Its length with header, or 0 when there is no sound table.</returns>
    public static uint Verify(ulong address)
    {
        if (address == 0 || !TPhysical.IsReadable(address, HeaderLength))
            return 0;
        uint length = TPhysical.Read32(address + LengthOffset);
        return length is >= HeaderLength and <= LongestPlausible && FirmwareChecksum<TPhysical>.IsRight(address, length) ? length : 0;
    }

    /// <summary>The table's signature as a little-endian number.</summary>
    public static uint Signature(ulong address) => TPhysical.Read32(address);
}
