// pal_networking.h: names; RFC 6761 6.3: localhost is this host and is never asked for.
using System.Net;
using System.Net.Sockets;

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
        return network.Configuration() is { } configuration && configuration.Address.ToIPAddress().Equals(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
            ? network.HostName
            : null;
    }

    /// <summary>The interfaces: the loopback, and the one that the stack is on.</summary>
    public IReadOnlyList<SocketInterface> GetInterfaces()
    {
        List<SocketInterface> interfaces =
        [
            new("lo", 1, 65_536, true, [], [new(IPAddress.Loopback, 8)], null),
        ];
        Troupe.Net.Contracts.InterfaceConfiguration? configuration = network.Configuration();
        byte[] hardware = new byte[Wire.MacAddress.Length];
        network.Link.Address.Write(hardware);
        interfaces.Add(new(
            "eth0", InterfaceIndex, network.Link.MaximumTransmissionUnit, false, hardware,
            configuration is null ? [] : [new(configuration.Address.ToIPAddress(), configuration.Network.PrefixLength)],
            configuration?.Gateway?.ToIPAddress()));
        return interfaces;
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
            addresses.Add(IPAddress.Loopback);
            return HostResolution.Found;
        }

        if (plain.Length == 0 || plain.Equals(network.HostName, StringComparison.OrdinalIgnoreCase))
        {
            addresses.Add(network.Configuration()?.Address.ToIPAddress() ?? IPAddress.Loopback);
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
