// PCI Express Base Specification 7.2.2: enhanced configuration access mechanism.
namespace Troupe.Core.Machine;

/// <summary>Configuration space of bus 0 in memory, for machines that have no ports for it (QEMU's microvm). Told where once, at boot.</summary>
/// <typeparam name="TPhysical">The seam to device registers.</typeparam>
public readonly struct PciConfigurationWindow<TPhysical> : IPciConfiguration
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>Bytes of the bus.</summary>
    public const ulong Length = 1 << 20;

    private static ulong _address;

    /// <summary>Tells where bus 0 is, whose pages are mapped.</summary>
    public static void Open(ulong address) => _address = address;

    /// <inheritdoc/>
    /// <remarks>Other buses read as all ones, as if nothing were there.</remarks>
    public static uint Read32(uint function, uint register) => At(function, register) is var at and < Length ? TPhysical.Read32(_address + at) : uint.MaxValue;

    /// <inheritdoc/>
    public static void Write32(uint function, uint register, uint value)
    {
        ulong at = At(function, register);
        if (at < Length)
        {
            TPhysical.Write32(_address + at, value);
        }
    }

    // 4 KiB a function here, 256 bytes a function in mechanism #1.
    private static ulong At(uint function, uint register) => ((ulong)function << 4) + register;
}
