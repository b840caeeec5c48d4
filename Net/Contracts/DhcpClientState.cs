using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>RFC 2131 figure 5.</summary>
public enum DhcpState
{
    /// <summary>INIT: nothing was asked yet.</summary>
    Init,

    /// <summary>SELECTING: a DISCOVER is out.</summary>
    Selecting,

    /// <summary>REQUESTING: an offer was chosen.</summary>
    Requesting,

    /// <summary>The granted address is asked for on the link (RFC 2131 3.1 5, RFC 5227 2.1).</summary>
    Checking,

    /// <summary>Somebody has the address that was granted: the server was told, and nothing is asked for a while.</summary>
    Declined,

    /// <summary>BOUND: an address is ours.</summary>
    Bound,

    /// <summary>RENEWING: its server is asked to extend the lease.</summary>
    Renewing,

    /// <summary>REBINDING: any server is asked to.</summary>
    Rebinding,
}

/// <summary>What one DHCP client hands to the next in a hot swap. Times are on the system's clock.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Lease">What was offered or granted.</param>
/// <param name="Configuration">What the interface was given for it; null while it has nothing.</param>
/// <param name="Transaction">The transaction of now.</param>
/// <param name="Attempts">How often it has asked in this state.</param>
[Sendable]
public sealed record DhcpClientState(DhcpState State, DhcpMessage Lease, InterfaceConfiguration? Configuration, uint Transaction, int Attempts)
{
    /// <summary>The timer of its deadlines.</summary>
    [SendableByContract("It stays with the actor whose timer it is.")]
    public TimerHandle Timer { get; init; }

    /// <summary>When it began to ask for what it asks for now.</summary>
    public TimeSpan Started { get; init; }

    /// <summary>When it sent the request that was granted, or is to be.</summary>
    public TimeSpan Requested { get; init; }

    /// <summary>How long it waited for an answer last.</summary>
    public TimeSpan Retransmission { get; init; }

    /// <summary>T1.</summary>
    public TimeSpan RenewalDue { get; init; }

    /// <summary>T2.</summary>
    public TimeSpan RebindingDue { get; init; }

    /// <summary>The end of the lease.</summary>
    public TimeSpan LeaseEnd { get; init; }

    /// <summary>When it does something next.</summary>
    public TimeSpan NextDeadline { get; init; }
}
