// RFC 4007: an address of the link alone names a host only together with its link.
using System.Globalization;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>A DNS server.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Interface">The index of the interface on whose link a link-local address is (<see cref="InternetInterface.Index"/>); 0 for whichever the route says.</param>
[Sendable]
public readonly record struct DnsServer(IpAddress Address, int Interface = 0)
{
    /// <summary>A server that is reached as the routes say.</summary>
    public static implicit operator DnsServer(IpAddress address) => new(address);

    /// <summary>A server that is reached as the routes say.</summary>
    public static DnsServer From(IpAddress address) => address;

    /// <summary>A server that was named on the link of an interface: where it is to be asked, if its address means nothing elsewhere.</summary>
    public static DnsServer NamedOn(int interfaceIndex, IpAddress address) => new(address, address is { IsIpv4: false, IsLinkLocal: true } ? interfaceIndex : 0);

    /// <summary>Reads <c>10.0.2.3</c>, <c>fd00::53</c>, or with its link <c>fe80::53%eth1</c>.</summary>
    public static bool TryParse(string text, out DnsServer server)
    {
        ArgumentNullException.ThrowIfNull(text);
        server = default;
        int zone = text.IndexOf('%', StringComparison.Ordinal);
        if (!IpAddress.TryParse(zone < 0 ? text : text[..zone], out IpAddress address))
            return false;
        server = address;
        if (zone < 0)
            return true;
        if (address.IsIpv4 || !address.IsLinkLocal || !InternetInterface.TryParse(text.AsSpan(zone + 1), out int number))
            return false;
        server = NamedOn(InternetInterface.FirstIndex + number, address);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Interface == 0
        ? Address.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{Address}%{InternetInterface.NameOf(Interface - InternetInterface.FirstIndex)}");
}
