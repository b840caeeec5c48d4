using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;

namespace Troupe.Apps.Hosting;

/// <summary>
/// Makes the actors that stand in for layers where there is a stage. Whoever asks for stages brings an instance, so that the compiler leaves all of it out of an
/// image in which nobody does.
/// </summary>
internal interface ILayerRelays
{
    /// <summary>Which stage an edge has.</summary>
    Func<LayerEdge, LinkResources, FrameStage?> Choose { get; }

    /// <summary>Who stands in for the layer; the layer itself where there is no stage.</summary>
    ActorRef<NetworkDeviceMessage> Slip(in RelayPlace place, ActorRef<NetworkDeviceMessage> layer);

    /// <inheritdoc cref="Slip(in RelayPlace, ActorRef{NetworkDeviceMessage})"/>
    ActorRef<LinkMessage> Slip(in RelayPlace place, ActorRef<LinkMessage> layer);

    /// <inheritdoc cref="Slip(in RelayPlace, ActorRef{NetworkDeviceMessage})"/>
    ActorRef<IpMessage> Slip(in RelayPlace place, ActorRef<IpMessage> layer);

    /// <inheritdoc cref="Slip(in RelayPlace, ActorRef{NetworkDeviceMessage})"/>
    ActorRef<UdpMessage> Slip(in RelayPlace place, ActorRef<UdpMessage> layer);

    /// <inheritdoc cref="Slip(in RelayPlace, ActorRef{NetworkDeviceMessage})"/>
    ActorRef<TcpMessage> Slip(in RelayPlace place, ActorRef<TcpMessage> layer);
}

/// <summary>Where a stage may be.</summary>
/// <param name="Edge">Between which layers, and which way.</param>
/// <param name="Waits">Whether the relay waits for room, as on the way down, or drops.</param>
/// <param name="System">Where it lives.</param>
/// <param name="Link">What it rents from.</param>
/// <param name="Counters">Takes the counters of each relay that is made.</param>
internal readonly record struct RelayPlace(LayerEdge Edge, bool Waits, ActorSystem System, LinkResources Link, List<LayerCounters> Counters);
