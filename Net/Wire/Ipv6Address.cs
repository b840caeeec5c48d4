// RFC 4291: IPv6 addresses; RFC 5952: their text.
using System.Buffers.Binary;
using System.Net;

namespace Troupe.Net.Wire;

/// <summary>An IPv6 address in host order.</summary>
/// <param name="High">The first eight octets, of which a prefix of 64 bits is made.</param>
/// <param name="Low">The last eight octets, the interface identifier.</param>
public readonly record struct Ipv6Address(ulong High, ulong Low)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 16;

    /// <summary>"::", no address yet, or any of this host's.</summary>
    public static Ipv6Address Any => default;

    /// <summary>"::1".</summary>
    public static Ipv6Address Loopback => new(0, 1);

    /// <summary>"ff02::1", all nodes of this link.</summary>
    public static Ipv6Address AllNodes => new(0xFF02UL << 48, 1);

    /// <summary>"ff02::2", all routers of this link.</summary>
    public static Ipv6Address AllRouters => new(0xFF02UL << 48, 2);

    /// <summary>"ff02::16", all routers that follow group memberships (RFC 3810 5.2.14).</summary>
    public static Ipv6Address AllMulticastRouters => new(0xFF02UL << 48, 0x16);

    /// <summary>No address.</summary>
    public bool IsAny => (High | Low) == 0;

    /// <summary>A group, ff00::/8.</summary>
    public bool IsMulticast => High >> 56 == 0xFF;

    /// <summary>"::1", which must not appear on a link.</summary>
    public bool IsLoopback => High == 0 && Low == 1;

    /// <summary>fe80::/10, which has a meaning on one link only.</summary>
    public bool IsLinkLocal => High >> 54 == 0xFE80 >> 6;

    /// <summary>::ffff:0:0/96, an IPv4 address in disguise; it must not appear on a link (RFC 4942 2.2).</summary>
    public bool IsIpv4Mapped => High == 0 && Low >> 32 == 0xFFFF;

    /// <summary>Whether one host may send from this address over a link.</summary>
    public bool IsUnicast => !IsMulticast && !IsLoopback && !IsAny && !IsIpv4Mapped;

    /// <summary>The group's scope (RFC 4291 2.7): 1 this interface, 2 this link.</summary>
    public int MulticastScope => (int)(High >> 48) & 0x0F;

    /// <summary>RFC 4291 2.7.1: the group in which whoever owns this address is asked for it.</summary>
    public Ipv6Address SolicitedNode => new(0xFF02UL << 48, 0x0000_0001_FF00_0000UL | (Low & 0xFF_FFFF));

    /// <summary>RFC 2464 7: where frames to this group go.</summary>
    public MacAddress MulticastHardware => new(0x3333_0000_0000UL | (uint)Low);

    /// <summary>Whether the first bits are those of another address.</summary>
    public bool Shares(Ipv6Address other, int prefixLength) => CommonPrefix(other) >= prefixLength;

    /// <summary>How many leading bits two addresses share.</summary>
    public int CommonPrefix(Ipv6Address other)
    {
        int high = System.Numerics.BitOperations.LeadingZeroCount(High ^ other.High);
        return high < 64 ? high : 64 + System.Numerics.BitOperations.LeadingZeroCount(Low ^ other.Low);
    }

    /// <summary>Reads sixteen octets.</summary>
    public static Ipv6Address Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes sixteen octets.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    /// <summary>Reads the text of RFC 4291 2.2, without zone, port or brackets.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Address address)
    {
        address = default;
        if (!text.Contains(':') || text.ContainsAny('%', '[', '/') || !IPAddress.TryParse(text, out IPAddress? parsed))
            return false;
        Span<byte> bytes = stackalloc byte[Length];
        parsed.TryWriteBytes(bytes, out _);
        address = Read(bytes);
        return true;
    }

    /// <summary>The base class library's form.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new(bytes);
    }

    /// <inheritdoc/>
    public override string ToString() => ToIPAddress().ToString();
}
