namespace Troupe.Core.Machine;

/// <summary>
/// Finds virtio-mmio windows in a table of AML byte code (ACPI 6.5, chapter 20) without interpreting it: a Device whose body
/// has <c>Name (_HID, "LNRO0005")</c> and <c>Name (_CRS, ResourceTemplate () {...})</c>, as QEMU's microvm writes them and Linux
/// matches them. Every step is bounded by the table, so a damaged one yields nothing, or nonsense that the device's own
/// magic number exposes later.
/// </summary>
public static unsafe class VirtioMmioAmlScan<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    private const byte NameOp = 0x08;
    private const byte StringPrefix = 0x0D;
    private const byte BufferOp = 0x11;
    private const byte BytePrefix = 0x0A;
    private const byte WordPrefix = 0x0B;
    private const byte ExtendedPrefix = 0x5B;
    private const byte DeviceOp = 0x82;
    private const uint HardwareId = 0x4449_485F; // "_HID"
    private const uint CurrentResources = 0x5352_435F; // "_CRS"
    private const ulong VirtioMmio = 0x3530_3030_4F52_4E4C; // "LNRO0005"

    // NameOp, "_HID", StringPrefix, "LNRO0005", 0
    private const uint HardwareIdLength = 1 + 4 + 1 + 8 + 1;

    // How far before its _HID a device may begin: QEMU writes them adjacent, a long name path fits too.
    private const uint LongestDeviceHead = 64;

    /// <summary>Adds the windows that the table announces.</summary>
    public static void Scan(ulong table, uint length, MachineDescription* machine)
    {
        uint offset = AcpiTable<TPhysical>.HeaderLength;
        while (length - offset >= HardwareIdLength)
        {
            if (!IsVirtioHardwareId(table + offset))
            {
                offset++;
                continue;
            }

            uint end = FindEndOfDevice(table, offset, length);
            uint after = offset + HardwareIdLength;
            if (end == 0 || !ReadResources(table, after, end, machine))
                machine->Malformed++;
            offset = after;
        }
    }

    private static bool IsVirtioHardwareId(ulong at) =>
        TPhysical.Read8(at) == NameOp
        && TPhysical.Read8(at + 5) == StringPrefix
        && TPhysical.Read32(at + 1) == HardwareId
        && TPhysical.Read64(at + 6) == VirtioMmio
        && TPhysical.Read8(at + 14) == 0;

    /// <summary>The end of the nearest Device that begins before this offset and contains it, or 0.</summary>
    private static uint FindEndOfDevice(ulong table, uint inside, uint length)
    {
        uint lowest = AcpiTable<TPhysical>.HeaderLength;
        if (inside - lowest > LongestDeviceHead)
            lowest = inside - LongestDeviceHead;
        for (uint start = inside; start-- > lowest;)
        {
            if (TPhysical.Read8(table + start) != ExtendedPrefix || TPhysical.Read8(table + start + 1) != DeviceOp)
                continue;
            uint packageAt = start + 2;
            uint size = ReadPackageLength(table, packageAt, length, out uint bytes);
            if (bytes != 0 && size <= length - packageAt && packageAt + size > inside)
                return packageAt + size;
        }

        return 0;
    }

    private static bool ReadResources(ulong table, uint start, uint end, MachineDescription* machine)
    {
        // NameOp, "_CRS", BufferOp, then at least a package length, a size and the end tag
        for (uint at = start; at < end && end - at >= 9; at++)
        {
            if (TPhysical.Read8(table + at) != NameOp || TPhysical.Read32(table + at + 1) != CurrentResources)
                continue;
            if (TPhysical.Read8(table + at + 5) != BufferOp)
                return false; // a method would have to be run
            uint packageAt = at + 6;
            uint size = ReadPackageLength(table, packageAt, end, out uint bytes);
            if (bytes == 0 || size > end - packageAt)
                return false;
            uint bufferEnd = packageAt + size;
            uint content = SkipInteger(table, packageAt + bytes, bufferEnd);
            return content != 0 && ResourceTemplate<TPhysical>.ReadVirtioWindow(table + content, bufferEnd - content, machine);
        }

        return false;
    }

    /// <summary>Reads a PkgLength (20.2.4), which counts itself: 1 to 4 bytes, the first telling how many.</summary>
    private static uint ReadPackageLength(ulong table, uint at, uint limit, out uint bytes)
    {
        bytes = 0;
        if (at >= limit)
            return 0;
        byte lead = TPhysical.Read8(table + at);
        uint following = (uint)lead >> 6;
        if (following == 0)
        {
            bytes = 1;
            return lead & 0x3Fu;
        }

        if (following > limit - at - 1)
            return 0;
        uint length = lead & 0x0Fu;
        for (uint i = 0; i < following; i++)
            length |= (uint)TPhysical.Read8(table + at + 1 + i) << (int)(4 + (8 * i));
        bytes = 1 + following;
        return length;
    }

    /// <summary>The offset after a constant integer (the buffer's size), or 0 if it is none of the small forms.</summary>
    private static uint SkipInteger(ulong table, uint at, uint limit)
    {
        if (at >= limit)
            return 0;
        uint length = TPhysical.Read8(table + at) switch
        {
            0x00 or 0x01 => 1, // ZeroOp, OneOp
            BytePrefix => 2,
            WordPrefix => 3,
            _ => 0,
        };
        return length != 0 && length <= limit - at ? at + length : 0;
    }
}
