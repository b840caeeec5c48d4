using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>A neighbour whose link address is known. Times are on the system's clock.</summary>
/// <param name="Address">Its address of IPv4.</param>
/// <param name="Hardware">Its link address.</param>
/// <param name="FreshUntil">From when on it is asked about again.</param>
/// <param name="IsUsed">Whether something was sent there; others give way first when the table is full.</param>
public readonly record struct ArpEntry(Ipv4Address Address, MacAddress Hardware, TimeSpan FreshUntil, bool IsUsed);

/// <summary>RFC 5227: where making sure of, announcing and defending an interface's address stands. Times are on the system's clock.</summary>
/// <param name="Address">The address that is ours; 0.0.0.0 for none.</param>
/// <param name="AnnouncementsLeft">How often it is still to be announced.</param>
/// <param name="NextAnnouncement">When that is; <see cref="TimeSpan.MaxValue"/> for never.</param>
/// <param name="DefendedAt">When it was defended last; <see cref="TimeSpan.MinValue"/> for never.</param>
/// <param name="Probed">The address that is being found out about; 0.0.0.0 for none.</param>
/// <param name="ProbesLeft">How often it is still to be asked for.</param>
/// <param name="NextProbe">When that is; <see cref="TimeSpan.MaxValue"/> for never.</param>
public readonly record struct AddressDefenseState(
    Ipv4Address Address, int AnnouncementsLeft, TimeSpan NextAnnouncement, TimeSpan DefendedAt, Ipv4Address Probed, int ProbesLeft, TimeSpan NextProbe);

/// <summary>What one link layer hands to the next in a hot swap. Packets that wait for a neighbour's address are not among it: they are dropped and counted.</summary>
/// <param name="Ipv4">The layer of IPv4, if there is one.</param>
/// <param name="Ipv6">The layer of IPv6, if there is one.</param>
/// <param name="Observer">Who is told that somebody else uses our address; null for nobody.</param>
/// <param name="IsFree">Who waits to know whether an address is free.</param>
/// <param name="Defense">The own address.</param>
/// <param name="Neighbors">The neighbours whose address is known.</param>
[Sendable]
public sealed record EthernetLayerState(
    ActorRef<IpMessage>? Ipv4, ActorRef<IpMessage>? Ipv6, AddressConflictObserver? Observer, Reply<bool> IsFree, AddressDefenseState Defense,
    ImmutableArray<ArpEntry> Neighbors)
{
    /// <summary>The layer's timer.</summary>
    [SendableByContract("It stays with the actor whose timer it is.")]
    public TimerHandle Tick { get; init; }
}
