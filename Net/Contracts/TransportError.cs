// RFC 1122 4.1.3.3 and 4.2.3.9, RFC 8201 and RFC 1191: what an internet layer tells a transport of a packet that did not arrive.
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>Why a packet of ours did not arrive.</summary>
public enum TransportErrorKind : byte
{
    /// <summary>There is no way to the network or the host now: a soft error, TCP goes on (RFC 5461).</summary>
    Unreachable,

    /// <summary>The host has nobody at this port or for this protocol.</summary>
    PortUnreachable,

    /// <summary>Somebody forbids it.</summary>
    Prohibited,

    /// <summary>It was too big for a link on its way: <see cref="TransportError.MaximumTransmissionUnit"/> says what fits.</summary>
    TooBig,

    /// <summary>It took too many hops, or its fragments did not come in time.</summary>
    TimeExceeded,

    /// <summary>Somebody could not read our header.</summary>
    ParameterProblem,
}

/// <summary>
/// An error that a router or a host reported, or that we found ourselves. It may be forged: what it quotes of the packet
/// (the ports, TCP's sequence number) is for the transport to check (RFC 5927).
/// </summary>
/// <param name="Kind">Why.</param>
/// <param name="Protocol">Whose packet it was.</param>
/// <param name="Local">Where we sent it from.</param>
/// <param name="Remote">Where we sent it to.</param>
/// <param name="Sequence">The four octets after the ports: TCP's sequence number.</param>
/// <param name="MaximumTransmissionUnit">
/// Octets of the largest IP packet that fits the path, header included, from now on; only for <see cref="TransportErrorKind.TooBig"/>, 0 otherwise.
/// The layer has already taken it into its table and never raises it by such a report.
/// </param>
[Sendable]
public sealed record TransportError(
    TransportErrorKind Kind, IpProtocol Protocol, IpEndPoint Local, IpEndPoint Remote, uint Sequence, int MaximumTransmissionUnit = 0);
