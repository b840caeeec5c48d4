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
        return network.Internet.Contains(Wire.IpAddress.From(address)) ? network.HostName : null;
    }

    /// <summary>The interfaces: the loopback, and those that the stack is on.</summary>
    public IReadOnlyList<SocketInterface> GetInterfaces() =>
    [
        new("lo", InternetInterface.LoopbackIndex, 65_536, true, [], [new(IPAddress.Loopback, 8), new(IPAddress.IPv6Loopback, 128)], null),
        .. network.Internet.Interfaces.Select(Describe),
    ];

    private static SocketInterface Describe(InternetInterface one)
    {
        byte[] hardware = new byte[Wire.MacAddress.Length];
        one.Link.Address.Write(hardware);
        return new(
            one.Name, one.Index, one.Link.MaximumTransmissionUnit, false, hardware,
            [.. one.Addresses.Ipv4.Concat(one.Addresses.Ipv6).Select(own => new SocketInterfaceAddress(ToAddress(own.Address, one.Index), own.PrefixLength))],
            one.Addresses.Configuration?.Gateway?.ToIPAddress())
        {
            IsUp = one.Link.State.IsUp,
        };
    }

    // With the link that a link-local address is on.
    private static IPAddress ToAddress(Wire.IpAddress address, int interfaceIndex)
    {
        IPAddress own = address.ToIPAddress();
        if (own.IsIPv6LinkLocal)
            own.ScopeId = interfaceIndex;
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
            IEnumerable<LocalAddress> own = network.Internet.Addresses.Where(static own => own.Address.IsIpv4 || !own.Address.IsLinkLocal);
            foreach (LocalAddress address in own.OrderBy(static own => own.Address.IsIpv4))
                addresses.Add(address.Address.ToIPAddress());
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
    IReadOnlyList<SocketInterfaceAddress> Addresses, IPAddress? Gateway)
{
    /// <summary>Whether its link can carry packets now.</summary>
    public bool IsUp { get; init; } = true;
}

/// <summary>An address of an interface.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">How many of its bits name the network.</param>
public sealed record SocketInterfaceAddress(IPAddress Address, int PrefixLength);
