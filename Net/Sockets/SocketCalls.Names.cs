// pal_networking.h: names; RFC 6761 6.3: localhost is this host and is never asked for.
using System.Net;
using System.Net.Sockets;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

public sealed partial class SocketCalls
{
    private const string LocalHost = "localhost";

    /// <summary>This machine's name.</summary>
    public string HostName => network.HostName;

    /// <summary>The addresses of a name, of one family or (0) of any, the best first.</summary>
    public HostResolution Resolve(string name, int family, ICollection<IPAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(addresses);
        List<IPAddress> found = [];
        HostResolution status = ResolveAny(name, found);
        if (status != HostResolution.Found)
            return status;
        foreach (IPAddress address in found)
        {
            // A name has no mapped addresses; a socket of both families maps them itself.
            if (family == 0 || family == (address.AddressFamily == AddressFamily.InterNetwork ? (int)SocketFamily.Internet : (int)SocketFamily.InternetV6))
                addresses.Add(address);
        }

        return addresses.Count > 0 ? HostResolution.Found : HostResolution.NotFound;
    }

    /// <summary>The name of an address; null when it has none that is known.</summary>
    public string? NameOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (IPAddress.IsLoopback(address))
            return LocalHost;
        return network.Internet.Addresses.Contains(Wire.IpAddress.From(address)) ? network.HostName : null;
    }

    /// <summary>The interfaces: the loopback, and the one that the stack is on.</summary>
    public IReadOnlyList<SocketInterface> GetInterfaces()
    {
        LocalAddresses own = network.Internet.Addresses;
        byte[] hardware = new byte[Wire.MacAddress.Length];
        network.Link.Address.Write(hardware);
        return
        [
            new("lo", SocketEndPoint.LoopbackIndex, 65_536, true, [], [new(IPAddress.Loopback, 8), new(IPAddress.IPv6Loopback, 128)], null),
            new(
                "eth0", SocketEndPoint.LinkIndex, network.Link.MaximumTransmissionUnit, false, hardware,
                [.. own.Ipv4.Concat(own.Ipv6).Select(static address => new SocketInterfaceAddress(ToAddress(address.Address), address.PrefixLength))],
                network.Configuration()?.Gateway?.ToIPAddress()),
        ];
    }

    // With the link that a link-local address is on.
    private static IPAddress ToAddress(Wire.IpAddress address)
    {
        IPAddress own = address.ToIPAddress();
        if (own.IsIPv6LinkLocal)
            own.ScopeId = SocketEndPoint.LinkIndex;
        return own;
    }

    private HostResolution ResolveAny(string name, List<IPAddress> addresses)
    {
        if (IPAddress.TryParse(name, out IPAddress? number))
        {
            addresses.Add(number);
            return HostResolution.Found;
        }

        string plain = name.TrimEnd('.');
        if (plain.Equals(LocalHost, StringComparison.OrdinalIgnoreCase) || plain.EndsWith("." + LocalHost, StringComparison.OrdinalIgnoreCase))
        {
            addresses.Add(IPAddress.IPv6Loopback);
            addresses.Add(IPAddress.Loopback);
            return HostResolution.Found;
        }

        if (plain.Length == 0 || plain.Equals(network.HostName, StringComparison.OrdinalIgnoreCase))
        {
            LocalAddresses own = network.Internet.Addresses;
            foreach (LocalAddress address in own.Ipv6.Where(static address => !address.Address.IsLinkLocal).Concat(own.Ipv4))
                addresses.Add(ToAddress(address.Address));
            if (addresses.Count == 0)
                addresses.Add(IPAddress.Loopback);
            return HostResolution.Found;
        }

        return network.Resolver.Resolve(name, addresses);
    }
}

/// <summary>An interface as System.Net.NetworkInformation lists it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Index">Its number.</param>
/// <param name="MaximumTransmissionUnit">The largest packet in octets.</param>
/// <param name="IsLoopback">Whether it is this host's own.</param>
/// <param name="HardwareAddress">Its link address; none for the loopback.</param>
/// <param name="Addresses">Its addresses with the lengths of their prefixes.</param>
/// <param name="Gateway">The router, if there is one.</param>
public sealed record SocketInterface(
    string Name, int Index, int MaximumTransmissionUnit, bool IsLoopback, IReadOnlyList<byte> HardwareAddress,
    IReadOnlyList<SocketInterfaceAddress> Addresses, IPAddress? Gateway);

/// <summary>An address of an interface.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">How many of its bits name the network.</param>
public sealed record SocketInterfaceAddress(IPAddress Address, int PrefixLength);
