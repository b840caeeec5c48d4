using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;

namespace Troupe.Apps.Hosting;

/// <summary>Puts stages between the layers of one stack, where somebody wants one; elsewhere the layers meet directly.</summary>
internal sealed class LayerStages(ActorSystem system, LinkResources link, ILayerRelays? relays)
{
    private readonly List<LayerCounters> _counters = [];

    /// <summary>What the stages' relays counted.</summary>
    public IReadOnlyList<LayerCounters> Counters => _counters;

    /// <summary>Who stands above a layer, on the way down: it waits as whoever sends would.</summary>
    public ActorRef<NetworkDeviceMessage> Above(LayerEdge edge, ActorRef<NetworkDeviceMessage> layer) => relays?.Slip(Down(edge), layer) ?? layer;

    /// <inheritdoc cref="Above(LayerEdge, ActorRef{NetworkDeviceMessage})"/>
    public ActorRef<LinkMessage> Above(LayerEdge edge, ActorRef<LinkMessage> layer) => relays?.Slip(Down(edge), layer) ?? layer;

    /// <inheritdoc cref="Above(LayerEdge, ActorRef{NetworkDeviceMessage})"/>
    public ActorRef<IpMessage> Above(LayerEdge edge, ActorRef<IpMessage> layer) => relays?.Slip(Down(edge), layer) ?? layer;

    /// <summary>Who stands below a layer, on the way up: it drops and counts.</summary>
    public ActorRef<LinkMessage> Below(LayerEdge edge, ActorRef<LinkMessage> layer) => relays?.Slip(Up(edge), layer) ?? layer;

    /// <inheritdoc cref="Below(LayerEdge, ActorRef{LinkMessage})"/>
    public ActorRef<IpMessage> Below(LayerEdge edge, ActorRef<IpMessage> layer) => relays?.Slip(Up(edge), layer) ?? layer;

    /// <inheritdoc cref="Below(LayerEdge, ActorRef{LinkMessage})"/>
    public ActorRef<UdpMessage> Below(LayerEdge edge, ActorRef<UdpMessage> layer) => relays?.Slip(Up(edge), layer) ?? layer;

    /// <inheritdoc cref="Below(LayerEdge, ActorRef{LinkMessage})"/>
    public ActorRef<TcpMessage> Below(LayerEdge edge, ActorRef<TcpMessage> layer) => relays?.Slip(Up(edge), layer) ?? layer;

    private RelayPlace Down(LayerEdge edge) => new(edge, Waits: true, system, link, _counters);

    private RelayPlace Up(LayerEdge edge) => new(edge, Waits: false, system, link, _counters);
}
