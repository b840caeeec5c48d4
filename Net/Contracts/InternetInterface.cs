// RFC 1122 3.3.4: a host on several links.
using System.Globalization;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>One interface of this host, as the layers above the internet layers know it.</summary>
/// <param name="Number">From 0 on, in the order in which the devices were found.</param>
/// <param name="Link">Its device's resources.</param>
/// <param name="Ipv4">Its layer of IPv4.</param>
/// <param name="Ipv6">Its layer of IPv6, if the stack has it.</param>
/// <param name="Addresses">Its addresses, and the networks and routers that it leads to.</param>
[SendableByContract("Immutable, and its addresses are made to be shared.")]
public sealed record InternetInterface(int Number, LinkResources Link, ActorRef<IpMessage> Ipv4, ActorRef<IpMessage>? Ipv6, LocalAddresses Addresses)
{
    /// <summary>The index of the loopback interface, as RFC 3493 4 numbers interfaces.</summary>
    public const int LoopbackIndex = 1;

    /// <summary>The index of the first interface that has a device.</summary>
    public const int FirstIndex = 2;

    /// <summary>Devices that a stack takes; an index fits an octet.</summary>
    public const int Most = 64;

    private const string NamePrefix = "eth";

    /// <summary>The number by which sockets name it.</summary>
    public int Index => FirstIndex + Number;

    /// <summary>The name by which people do: eth0, eth1.</summary>
    public string Name => NameOf(Number);

    /// <summary>Who a transport that sends by it waits for.</summary>
    public ActorRef[] WaitedFor => Ipv6 is { } ipv6 ? [Ipv4, ipv6] : [Ipv4];

    /// <summary>Of two interfaces that lead to a destination equally well, the one with the lower metric is taken.</summary>
    public int Metric { get; init; } = Number;

    /// <summary>The name of the interface with a number.</summary>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{number}");

    /// <summary>The number in a name such as eth1; false where it is no name of an interface that there can be.</summary>
    public static bool TryParse(ReadOnlySpan<char> name, out int number)
    {
        number = 0;
        return name.StartsWith(NamePrefix, StringComparison.Ordinal) &&
            int.TryParse(name[NamePrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
    }

    /// <summary>
    /// The layer that takes packets to an address. Without IPv6 it is the other one, which drops them as unroutable and counts that.
    /// </summary>
    public ActorRef<IpMessage> LayerOf(IpAddress destination) => !destination.IsIpv4 && Ipv6 is { } ipv6 ? ipv6 : Ipv4;
}
