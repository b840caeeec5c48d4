// RFC 9293 3.9.1.2 leaves the size of a send buffer to us; RFC 9438 4 and RFC 5681 3.1 for the window it follows.
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

/// <summary>
/// What may be on its way is bounded by the congestion window, and as much again is written while it is: the send buffer holds twice the window, so that it is
/// never what holds a sender back. It grows by acknowledgements only, up to a limit, while the budget of all connections has room; it never shrinks.
/// </summary>
internal static class SendBufferTuning
{
    private const int Windows = 2;

    /// <summary>Octets were acknowledged, and the window is now this.</summary>
    public static void Acknowledged(TcpByteStreams streams, int congestionWindow) => streams.GrowSendBuffer((long)Windows * congestionWindow);
}
