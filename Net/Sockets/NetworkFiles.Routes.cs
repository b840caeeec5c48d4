// man 5 proc, /proc/net/route; linux/route.h for the flags.
using System.Buffers.Binary;
using System.Text;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

public sealed partial class NetworkFiles
{
    private const int Up = 1;
    private const int ByGateway = 2;

    private string Routes()
    {
        StringBuilder text = new();
        text.Append("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
        foreach (InternetInterface one in _network.Internet.Interfaces)
        {
            if (one.Addresses.Configuration is not { } configuration)
                continue;
            if (configuration.Gateway is { } gateway)
                Route(text, one, new(default, 0), gateway);
            Route(text, one, configuration.Network, null);
            foreach (Ipv4Route route in configuration.Routes)
                Route(text, one, route.Destination, route.Gateway);
        }

        return text.ToString();
    }

    private static void Route(StringBuilder text, InternetInterface sender, Ipv4Network destination, Ipv4Address? gateway)
    {
        uint mask = destination.PrefixLength == 0 ? 0 : uint.MaxValue << (32 - destination.PrefixLength);
        Append(
            text,
            $"{sender.Name}\t{Word(destination.Address.Value & mask)}\t{Word(gateway?.Value ?? 0)}\t{(gateway is null ? Up : Up | ByGateway):X4}\t0\t0\t{sender.Metric}\t{Word(mask)}\t0\t0\t0\n");
    }

    private static string Word(uint value) => FormattableString.Invariant($"{BinaryPrimitives.ReverseEndianness(value):X8}");

    // Octets in their order; destination, source, next hop, metric, references, uses, flags, interface.
    private string RoutesOfIpv6()
    {
        StringBuilder text = new();
        foreach (InternetInterface one in _network.Internet.Interfaces)
        {
            foreach (LocalAddress own in one.Addresses.Ipv6)
                RouteOfIpv6(text, one, own.Address.Ipv6, own.PrefixLength, default, Up);
            foreach (Ipv6Address router in one.Addresses.Ipv6Routers)
                RouteOfIpv6(text, one, default, 0, router, Up | ByGateway);
        }

        return text.ToString();
    }

    private static void RouteOfIpv6(StringBuilder text, InternetInterface sender, Ipv6Address destination, int length, Ipv6Address hop, int flags)
    {
        UInt128 mask = length == 0 ? 0 : UInt128.MaxValue << (128 - length);
        UInt128 network = new UInt128(destination.High, destination.Low) & mask;
        Append(
            text,
            $"{(ulong)(network >> 64):x16}{(ulong)network:x16} {length:x2} {0:x32} 00 {hop.High:x16}{hop.Low:x16} 00000400 00000001 00000000 {flags:x8} {sender.Name,8}\n");
    }
}
