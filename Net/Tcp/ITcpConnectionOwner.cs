using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

/// <summary>What a transmission control block asks of whoever runs it: an actor, or a test.</summary>
public interface ITcpConnectionOwner
{
    /// <summary>What segments may leave to the device.</summary>
    FrameOffloadFlags TransmitOffload => FrameOffloadFlags.None;

    /// <summary>Octets of the largest packet that its link takes; the peer is told that no larger one arrives.</summary>
    int MaximumTransmissionUnit => int.MaxValue;

    /// <summary>An empty buffer with room for the headers below; false when the pool is empty, and the segment counts as lost.</summary>
    bool TryRent(out FrameBuffer segment);

    /// <summary>Takes a finished segment, which routers may mark instead of dropping it (RFC 3168: ECT) or not.</summary>
    void Transmit(FrameBuffer segment, bool mayBeMarked);

    /// <summary>The handshake is done.</summary>
    void Established();

    /// <summary>The connection entered <see cref="TcpState.TimeWait"/>: all that is left of it fits an entry of a table.</summary>
    void EnteredTimeWait();

    /// <summary>The connection is no more.</summary>
    void Closed(TcpCloseReason reason);
}
