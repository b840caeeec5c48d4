// IEEE 802-2014 clause 8: EUI-48 addresses.
using System.Buffers.Binary;
using System.Globalization;

namespace Troupe.Net.Wire;

/// <summary>A 48-bit link address, kept in the low bits of one word.</summary>
/// <param name="Value">The six octets, the first transmitted in the most significant place.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 6;

    /// <summary>The address all stations listen to.</summary>
    public static MacAddress Broadcast => new(0xFFFF_FFFF_FFFF);

    /// <summary>Group addresses have the least significant bit of the first octet set.</summary>
    public bool IsMulticast => (Value & 0x0100_0000_0000) != 0;

    /// <summary>An address one station can own.</summary>
    public bool IsUnicast => !IsMulticast && Value != 0;

    /// <summary>Reads six octets.</summary>
    public static MacAddress Read(ReadOnlySpan<byte> bytes) =>
        new(((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]));

    /// <summary>Writes six octets.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)Value);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(byte)(Value >> 40):x2}:{(byte)(Value >> 32):x2}:{(byte)(Value >> 24):x2}:{(byte)(Value >> 16):x2}:{(byte)(Value >> 8):x2}:{(byte)Value:x2}");
}
