using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;

namespace Troupe.Apps.Hosting;

/// <summary>Puts stages between the layers of one stack, where somebody wants one; elsewhere the layers meet directly.</summary>
internal sealed class LayerStages(ActorSystem system, LinkResources link, Func<LayerEdge, LinkResources, FrameStage?>? choose)
{
    private readonly List<LayerCounters> _counters = [];

    /// <summary>What the stages' relays counted.</summary>
    public IReadOnlyList<LayerCounters> Counters => _counters;

    /// <summary>Who stands above a layer, on the way down: it waits as whoever sends would.</summary>
    public ActorRef<TMessage> Above<[Sendable] TMessage>(LayerEdge edge, ActorRef<TMessage> layer, FrameCarrier<TMessage> carrier) where TMessage : struct, IDisposable =>
        Slip(edge, layer, carrier, waits: true);

    /// <summary>Who stands below a layer, on the way up: it drops and counts.</summary>
    public ActorRef<TMessage> Below<[Sendable] TMessage>(LayerEdge edge, ActorRef<TMessage> layer, FrameCarrier<TMessage> carrier) where TMessage : struct, IDisposable =>
        Slip(edge, layer, carrier, waits: false);

    private ActorRef<TMessage> Slip<[Sendable] TMessage>(LayerEdge edge, ActorRef<TMessage> layer, FrameCarrier<TMessage> carrier, bool waits) where TMessage : struct, IDisposable
    {
        if (choose?.Invoke(edge, link) is not { } stage)
            return layer;
        LayerCounters counters = new($"stage {edge}");
        _counters.Add(counters);
        return system.Spawn(
            new FrameRelay<TMessage>(layer, stage, carrier, waits, counters), new SpawnOptions { WaitsFor = waits ? [layer] : [] });
    }
}
