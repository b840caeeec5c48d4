namespace Troupe.Core.Machine;

/// <summary>ACPI's root system description pointer (ACPI 6.5, 5.2.5).</summary>
public readonly struct RootPointer<TPhysical> : IFirmwareStructure
    where TPhysical : struct, IPhysicalMemory
{
    private const ulong Signature = 0x2052_5450_2044_5352; // "RSD PTR "
    private const ulong LengthVersion1 = 20;
    private const ulong LengthVersion2 = 36;
    private const ulong RevisionOffset = 15;
    private const ulong RsdtOffset = 16;
    private const ulong LengthOffset = 20;
    private const ulong XsdtOffset = 24;

    /// <inheritdoc/>
    public static bool IsAt(ulong address) =>
        TPhysical.IsReadable(address, LengthVersion1)
        && TPhysical.Read64(address) == Signature
        && FirmwareChecksum<TPhysical>.IsRight(address, LengthVersion1);

    /// <summary>The pointer's address: where the loader says, if it is there; else where firmware leaves it; else 0.</summary>
    public static ulong Find(ulong hint) =>
        hint != 0 && IsAt(hint) ? hint : FirmwareSearch<TPhysical, RootPointer<TPhysical>>.Find();

    /// <summary>The XSDT's address, or 0 when this root has none (revision 0) or its extended part is damaged.</summary>
    public static ulong Xsdt(ulong root)
    {
        if (TPhysical.Read8(root + RevisionOffset) < 2 || !TPhysical.IsReadable(root, LengthVersion2))
            return 0;
        uint length = TPhysical.Read32(root + LengthOffset);
        return length is >= (uint)LengthVersion2 and <= 4096 && FirmwareChecksum<TPhysical>.IsRight(root, length)
            ? TPhysical.Read64(root + XsdtOffset)
            : 0;
    }

    /// <summary>The RSDT's address.</summary>
    public static ulong Rsdt(ulong root) => TPhysical.Read32(root + RsdtOffset);
}
