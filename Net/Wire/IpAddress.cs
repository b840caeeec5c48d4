// RFC 4291 2.5.5.2: one form for the addresses of both versions.
using System.Net;
using System.Net.Sockets;

namespace Troupe.Net.Wire;

/// <summary>
/// An address of IPv4 or IPv6, 16 octets and no allocation: what transports and applications talk about. An IPv4 address is kept
/// in its mapped form (::ffff:a.b.c.d), which no IPv6 packet may carry, so the two cannot be taken for each other. The default value is "::".
/// </summary>
public readonly record struct IpAddress
{
    private readonly ulong _high;
    private readonly ulong _low;

    private IpAddress(ulong high, ulong low) => (_high, _low) = (high, low);

    /// <summary>Whether this is an address of IPv4.</summary>
    public bool IsIpv4 => _high == 0 && _low >> 32 == 0xFFFF;

    /// <summary>The address of IPv4; its low 32 bits if it is none.</summary>
    public Ipv4Address Ipv4 => new((uint)_low);

    /// <summary>The address of IPv6, in the mapped form if it is one of IPv4.</summary>
    public Ipv6Address Ipv6 => new(_high, _low);

    /// <summary>0.0.0.0 or "::".</summary>
    public bool IsAny => IsIpv4 ? Ipv4.IsAny : (_high | _low) == 0;

    /// <summary>A group.</summary>
    public bool IsMulticast => IsIpv4 ? Ipv4.IsMulticast : Ipv6.IsMulticast;

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => IsIpv4 ? Ipv4.IsLoopback : Ipv6.IsLoopback;

    /// <summary>Whether one host may send from this address over a link.</summary>
    public bool IsUnicast => IsIpv4 ? Ipv4.IsUnicast : Ipv6.IsUnicast;

    /// <summary>169.254.0.0/16 or fe80::/10.</summary>
    public bool IsLinkLocal => IsIpv4 ? Ipv4.Value >> 16 == 0xA9FE : Ipv6.IsLinkLocal;

    /// <summary>The IPv4 address.</summary>
    public static IpAddress From(Ipv4Address address) => new(0, 0xFFFF_0000_0000UL | address.Value);

    /// <summary>The IPv6 address.</summary>
    public static IpAddress From(Ipv6Address address) => new(address.High, address.Low);

    /// <summary>The base class library's address; a mapped one is one of IPv4. Its zone is not part of it.</summary>
    public static IpAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork ? Ipv4Address.Read(bytes) : Ipv6Address.Read(bytes);
    }

    /// <summary>The IPv4 address.</summary>
    public static implicit operator IpAddress(Ipv4Address address) => From(address);

    /// <summary>The IPv6 address.</summary>
    public static implicit operator IpAddress(Ipv6Address address) => From(address);

    /// <summary>Reads an address of either version.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        if (Ipv4Address.TryParse(text, out Ipv4Address ipv4))
        {
            address = ipv4;
            return true;
        }

        bool read = Ipv6Address.TryParse(text, out Ipv6Address ipv6);
        address = ipv6;
        return read;
    }

    /// <summary>The base class library's form.</summary>
    public IPAddress ToIPAddress() => IsIpv4 ? Ipv4.ToIPAddress() : Ipv6.ToIPAddress();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_high, _low);

    /// <inheritdoc/>
    public override string ToString() => IsIpv4 ? Ipv4.ToString() : Ipv6.ToString();
}
