// RFC 791 2.3: addresses; RFC 1122 3.2.1.3: the special ones.
using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Troupe.Net.Wire;

/// <summary>An IPv4 address in host order.</summary>
/// <param name="Value">The address; 10.0.2.15 is 0x0A00020F.</param>
public readonly record struct Ipv4Address(uint Value)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 4;

    /// <summary>"This host": no address yet, or any of this host's.</summary>
    public static Ipv4Address Any => default;

    /// <summary>Limited broadcast: every station of this link.</summary>
    public static Ipv4Address Broadcast => new(uint.MaxValue);

    /// <summary>224.0.0.1, all hosts of this link (RFC 1112 4).</summary>
    public static Ipv4Address AllHosts => new(0xE000_0001);

    /// <summary>224.0.0.2, all routers of this link.</summary>
    public static Ipv4Address AllRouters => new(0xE000_0002);

    /// <summary>224.0.0.22, all routers that follow group memberships (RFC 3376 4.2.14).</summary>
    public static Ipv4Address AllIgmpRouters => new(0xE000_0016);

    /// <summary>No address.</summary>
    public bool IsAny => Value == 0;

    /// <summary>Class D (RFC 5771).</summary>
    public bool IsMulticast => (Value & 0xF000_0000) == 0xE000_0000;

    /// <summary>127.0.0.0/8, which must not appear on a link.</summary>
    public bool IsLoopback => Value >> 24 == 127;

    /// <summary>Whether a host may send from this address: no group, broadcast, loopback, "this network" or reserved class E.</summary>
    public bool IsUnicast => Value >> 24 is not (0 or 127) && Value < 0xE000_0000;

    /// <summary>Four octets, the most significant first.</summary>
    public static Ipv4Address From(byte first, byte second, byte third, byte fourth) =>
        new(((uint)first << 24) | ((uint)second << 16) | ((uint)third << 8) | fourth);

    /// <summary>Reads four octets.</summary>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Writes four octets.</summary>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt32BigEndian(bytes, Value);

    /// <summary>Dotted decimal with exactly four parts; no octal, hexadecimal or short forms.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Address address)
    {
        address = default;
        uint value = 0;
        for (int part = 0; part < 4; part++)
        {
            int end = part < 3 ? text.IndexOf('.') : text.Length;
            if (end is < 1 or > 3 || (end > 1 && text[0] == '0') ||
                !byte.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out byte octet))
                return false;
            value = (value << 8) | octet;
            text = part < 3 ? text[(end + 1)..] : default;
        }

        address = new(value);
        return true;
    }

    /// <summary>The base class library's form, for end points that applications see.</summary>
    public IPAddress ToIPAddress() => new(BinaryPrimitives.ReverseEndianness(Value));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(byte)(Value >> 24)}.{(byte)(Value >> 16)}.{(byte)(Value >> 8)}.{(byte)Value}");
}
