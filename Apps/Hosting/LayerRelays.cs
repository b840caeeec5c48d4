using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;

namespace Troupe.Apps.Hosting;

/// <summary>The stages that an application asks for.</summary>
internal sealed class LayerRelays(Func<LayerEdge, LinkResources, FrameStage?> choose) : ILayerRelays
{
    public Func<LayerEdge, LinkResources, FrameStage?> Choose => choose;

    public ActorRef<NetworkDeviceMessage> Slip(in RelayPlace place, ActorRef<NetworkDeviceMessage> layer) => Slip(place, layer, FrameCarriers.Device);

    public ActorRef<LinkMessage> Slip(in RelayPlace place, ActorRef<LinkMessage> layer) => Slip(place, layer, FrameCarriers.Link);

    public ActorRef<IpMessage> Slip(in RelayPlace place, ActorRef<IpMessage> layer) => Slip(place, layer, FrameCarriers.Internet);

    public ActorRef<UdpMessage> Slip(in RelayPlace place, ActorRef<UdpMessage> layer) => Slip(place, layer, FrameCarriers.Udp);

    public ActorRef<TcpMessage> Slip(in RelayPlace place, ActorRef<TcpMessage> layer) => Slip(place, layer, FrameCarriers.Tcp);

    private ActorRef<TMessage> Slip<[Sendable] TMessage>(in RelayPlace place, ActorRef<TMessage> layer, FrameCarrier<TMessage> carrier) where TMessage : struct, IDisposable
    {
        if (choose(place.Edge, place.Link) is not { } stage)
            return layer;
        LayerCounters counters = new($"stage {place.Edge}");
        place.Counters.Add(counters);
        return place.System.Spawn(
            new FrameRelay<TMessage>(layer, stage, carrier, place.Waits, counters), new SpawnOptions { WaitsFor = place.Waits ? [layer] : [] });
    }
}
