using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>A group that is listened to, and how often it was joined.</summary>
public readonly record struct JoinedGroup(Ipv4Address Group, int Members);

/// <summary>What one internet layer hands to the next in a hot swap.</summary>
/// <param name="Configuration">The interface's, or null while it has none.</param>
/// <param name="Tcp">The TCP layer, if there is one.</param>
/// <param name="Udp">The UDP layer, if there is one.</param>
/// <param name="Identification">The identification of the last packet.</param>
[Sendable]
public sealed record Ipv4LayerState(InterfaceConfiguration? Configuration, ActorRef<TcpMessage>? Tcp, ActorRef<UdpMessage>? Udp, ushort Identification)
{
    /// <summary>The timer of fragments and of reports.</summary>
    [SendableByContract("It stays with the actor whose timer it is.")]
    public TimerHandle Tick { get; init; }

    /// <summary>The groups that are listened to.</summary>
    public ImmutableArray<JoinedGroup> Groups { get; init; } = [];
}
