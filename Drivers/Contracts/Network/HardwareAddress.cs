// IEEE 802-2014 clause 8: EUI-48 addresses.
using System.Globalization;

namespace Troupe.Drivers.Contracts;

/// <summary>A network device's 48-bit address as the device tells it.</summary>
/// <param name="Value">The six octets, the first on the wire in bits 40 to 47.</param>
public readonly record struct HardwareAddress(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(byte)(Value >> 40):x2}:{(byte)(Value >> 32):x2}:{(byte)(Value >> 24):x2}:{(byte)(Value >> 16):x2}:{(byte)(Value >> 8):x2}:{(byte)Value:x2}");
}
