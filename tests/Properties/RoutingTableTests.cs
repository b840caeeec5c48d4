// RFC 1122 3.3.1: of the routes that fit, the one with the longest prefix.
using Troupe.Net.Contracts;
using Troupe.Net.Ip;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class RoutingTableTests
{
    // Few addresses with bits in common, so that prefixes cover each other.
    private static readonly Gen<uint> _addresses = Gen.Select(Gen.OneOf(0x0A00_0000u, 0x0A80_0000u, 0xC0A8_0000u), Gen.Int[0, 24], Gen.UInt[0, 255])
        .Select(static (network, shift, bits) => network | (bits << shift));

    private static readonly Gen<Ipv4Network> _networks = Gen.Select(_addresses, Gen.Int[0, 32]).Select(static (address, length) => new Ipv4Network(new(address), length));

    [Fact]
    public void TheLongestPrefixThatFitsDecides() => Gen.Select(
            Gen.Select(_addresses, Gen.Int[8, 30]), Gen.Select(_networks, _addresses, Gen.Bool).Array[0, 8], _addresses, Gen.Bool, _addresses)
        .Sample(
            static (own, given, destination, hasGateway, gateway) =>
            {
                Ipv4Network network = new(new(own.Item1), own.Item2);
                Ipv4Route[] routes = [.. given.Select(static route => new Ipv4Route(route.Item1, route.Item3 ? new Ipv4Address(route.Item2) : null))];
                RoutingTable table = new();
                table.Configure(new(network, hasGateway ? new Ipv4Address(gateway) : null) { Routes = [.. routes] });
                Ipv4Address to = new(destination);
                bool isRouted = table.TryRoute(to, out Ipv4Address neighbour);
                if (!to.IsUnicast || to.IsMulticast || to == network.DirectedBroadcast)
                    return;

                // Every route, one after another: the own network first, the gateway last, of equal prefixes the first.
                IEnumerable<Ipv4Route> all = [new(network, null), .. routes, .. hasGateway ? [new Ipv4Route(new(default, 0), new Ipv4Address(gateway))] : Array.Empty<Ipv4Route>()];
                Ipv4Route? best = null;
                foreach (Ipv4Route route in all)
                {
                    if (Fits(route.Destination, to) && (best is null || route.Destination.PrefixLength > best.Value.Destination.PrefixLength))
                        best = route;
                }

                Assert.Equal(best is not null, isRouted);
                if (best is { } chosen)
                    Assert.Equal(chosen.Gateway ?? to, neighbour);
            },
            iter: 20_000);

    private static bool Fits(Ipv4Network network, Ipv4Address address)
    {
        for (int bit = 0; bit < network.PrefixLength; bit++)
        {
            if (((network.Address.Value ^ address.Value) >> (31 - bit) & 1) != 0)
                return false;
        }

        return true;
    }
}
