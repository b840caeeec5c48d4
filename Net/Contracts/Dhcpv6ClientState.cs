using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>Where a stateless DHCPv6 client is.</summary>
public enum Dhcpv6State
{
    /// <summary>No router has said that there is something to ask for.</summary>
    Idle,

    /// <summary>A while that is drawn, so that not all hosts that heard the router speak at once.</summary>
    Delaying,

    /// <summary>An INFORMATION-REQUEST is out.</summary>
    Requesting,

    /// <summary>A server has answered; what it said holds for its time, and beyond it until another answer.</summary>
    Informed,
}

/// <summary>What one DHCPv6 client hands to the next in a hot swap. Times are on the system's clock.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Transaction">The transaction of now; 0 while no answer is awaited.</param>
/// <param name="Began">When it began to ask for what it asks for now.</param>
/// <param name="Retransmission">How long it waited for an answer last.</param>
/// <param name="LongestRetransmission">How long it waits at most, INF_MAX_RT.</param>
/// <param name="NextDeadline">When it does something next; <see cref="TimeSpan.MaxValue"/> for not at all.</param>
[Sendable]
public sealed record Dhcpv6ClientState(
    Dhcpv6State State, uint Transaction, TimeSpan Began, TimeSpan Retransmission, TimeSpan LongestRetransmission, TimeSpan NextDeadline)
{
    /// <summary>The timer of its deadlines.</summary>
    [SendableByContract("It stays with the actor whose timer it is.")]
    public TimerHandle Timer { get; init; }
}
