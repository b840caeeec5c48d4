using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>What the TCP layer and all connections of a stack share, for as long as the stack lives.</summary>
[SendableByContract("Immutable, but for the budget, the counters and the turns, which are made to be shared.")]
public sealed record TcpShared(
    TcpConfiguration Configuration, LinkResources Link, LayerCounters Counters, ReassemblyBudget Budget,
    InitialSequenceNumbers SequenceNumbers, InternetLayers Internet)
{
    /// <summary>What the connections' streams hold.</summary>
    public TcpBufferBudget Buffers { get; } = new(Configuration.TotalBuffers, Configuration.BufferShare);

    /// <summary>Where the connections' applications run, for the next connections.</summary>
    public TurnPipeSchedulers Turns { get; } = new();
}

/// <summary>What one demultiplexer of TCP hands to the next in a hot swap. Connections are actors of their own and do not notice.</summary>
/// <param name="Shared">What the connections hold too.</param>
/// <param name="Tick">The timer of TIME-WAIT.</param>
/// <param name="Connections">The connections.</param>
/// <param name="Listeners">The open listeners.</param>
/// <param name="TimeWait">The connections in TIME-WAIT, the first to end first.</param>
[Sendable]
public sealed record TcpLayerState(
    TcpShared Shared,
    [property: SendableByContract("It stays with the actor whose timer it is.")] TimerHandle Tick,
    ImmutableArray<TcpConnectionEntry> Connections, ImmutableArray<TcpListener> Listeners, ImmutableArray<TcpTimeWaitEntry> TimeWait);

/// <summary>A connection and its actor.</summary>
public readonly record struct TcpConnectionEntry(TcpConnectionKey Key, ActorRef<TcpConnectionMessage> Connection);

/// <summary>A connection in TIME-WAIT, and until when on the system's clock.</summary>
public readonly record struct TcpTimeWaitEntry(TcpConnectionKey Key, TcpTimeWait State, TimeSpan Until);
