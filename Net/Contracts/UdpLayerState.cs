using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>Who gets the datagrams of a port, on the interface with an index or (0) on any.</summary>
public readonly record struct UdpBinding(ushort Port, UdpReceiver Receiver, int Interface = 0);

/// <summary>What one UDP layer hands to the next in a hot swap. Receivers stay who they are.</summary>
/// <param name="Bindings">The ports that are bound.</param>
[Sendable]
public sealed record UdpLayerState(ImmutableArray<UdpBinding> Bindings);
