namespace Troupe.Core.Machine;

/// <summary>The checksum of firmware tables: all bytes sum to zero.</summary>
public static class FirmwareChecksum<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>Whether the bytes are readable and sum to zero.</summary>
    public static bool IsRight(ulong address, ulong length)
    {
        if (!TPhysical.IsReadable(address, length))
            return false;
        uint sum = 0;
        for (ulong i = 0; i < length; i++)
            sum += TPhysical.Read8(address + i);
        return (sum & 0xFF) == 0;
    }
}
