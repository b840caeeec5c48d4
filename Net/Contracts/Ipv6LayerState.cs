using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>An address of an interface, or one that may become one. Times are on the system's clock.</summary>
public readonly record struct Ipv6AddressEntry(
    Ipv6Address Address, int PrefixLength, Ipv6AddressState State, bool IsOpaque, bool IsAutonomous, TimeSpan ValidUntil, TimeSpan PreferredUntil,
    int ProbesLeft, TimeSpan NextProbe, int Collisions);

/// <summary>A group that is listened to, and how often it was joined.</summary>
public readonly record struct Ipv6GroupEntry(Ipv6Address Group, int Members);

/// <summary>A neighbour whose link address is known.</summary>
public readonly record struct Ipv6NeighborEntry(Ipv6Address Address, MacAddress Hardware, bool IsRouter);

/// <summary>A default router, and until when it is one.</summary>
public readonly record struct Ipv6RouterEntry(Ipv6Address Address, TimeSpan Until);

/// <summary>A prefix that is on the link, and until when.</summary>
public readonly record struct Ipv6PrefixEntry(Ipv6Address Network, int Length, TimeSpan Until);

/// <summary>A DNS server that a router named, and until when.</summary>
public readonly record struct RouterServerEntry(IpAddress Address, TimeSpan Until);

/// <summary>A domain to search that a router named, and until when.</summary>
public readonly record struct RouterDomainEntry(string Domain, TimeSpan Until);

/// <summary>RFC 4861 6.3: what routers said of the link, and where asking for them stands.</summary>
/// <param name="HopLimit">CurHopLimit.</param>
/// <param name="Mtu">LinkMTU.</param>
/// <param name="ReachableTime">ReachableTime.</param>
/// <param name="RetransmissionTime">RetransTimer.</param>
/// <param name="HasOtherConfiguration">Whether DHCPv6 knows more.</param>
/// <param name="HasBegun">Whether routers are asked for, or were.</param>
/// <param name="Solicitations">How often they were asked for.</param>
/// <param name="NextSolicitation">When they are asked for again.</param>
/// <param name="Servers">Their DNS servers.</param>
/// <param name="Domains">Their domains.</param>
[Sendable]
public sealed record RouterDiscoveryState(
    byte HopLimit, int Mtu, TimeSpan ReachableTime, TimeSpan RetransmissionTime, bool HasOtherConfiguration, bool HasBegun, int Solicitations,
    TimeSpan NextSolicitation, ImmutableArray<RouterServerEntry> Servers, ImmutableArray<RouterDomainEntry> Domains);

/// <summary>What one IPv6 layer hands to the next in a hot swap. Packets that wait for a neighbour, and fragments, are not among it: they are dropped and counted.</summary>
/// <param name="Tcp">The TCP layer, if there is one.</param>
/// <param name="Udp">The UDP layer, if there is one.</param>
/// <param name="Identification">The identification of the last packet in fragments.</param>
/// <param name="InterfaceSecret">RFC 7217: from which the interface's identifiers follow.</param>
/// <param name="Discovery">What routers said.</param>
[Sendable]
public sealed record Ipv6LayerState(
    ActorRef<TcpMessage>? Tcp, ActorRef<UdpMessage>? Udp, uint Identification, UInt128 InterfaceSecret, RouterDiscoveryState Discovery)
{
    /// <summary>The layer's timer.</summary>
    [SendableByContract("It stays with the actor whose timer it is.")]
    public TimerHandle Tick { get; init; }

    /// <summary>Whether it was told that DHCPv6 knows more of the link.</summary>
    public bool HasToldOfConfiguration { get; init; }

    /// <summary>Until when MLD's first version is spoken.</summary>
    public TimeSpan FirstVersionUntil { get; init; } = TimeSpan.MinValue;

    /// <summary>The addresses.</summary>
    public ImmutableArray<Ipv6AddressEntry> Addresses { get; init; } = [];

    /// <summary>The groups, those of the addresses among them.</summary>
    public ImmutableArray<Ipv6GroupEntry> Groups { get; init; } = [];

    /// <summary>The neighbours.</summary>
    public ImmutableArray<Ipv6NeighborEntry> Neighbors { get; init; } = [];

    /// <summary>The default routers.</summary>
    public ImmutableArray<Ipv6RouterEntry> Routers { get; init; } = [];

    /// <summary>The prefixes on the link, the longest first.</summary>
    public ImmutableArray<Ipv6PrefixEntry> Prefixes { get; init; } = [];
}
