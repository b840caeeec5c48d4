// What the network tells a connection: RFC 1191 (packet too big), RFC 1122 4.2.3.9 (unreachable), RFC 5927 (whether to believe it).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // RFC 8200 3.
    private const int Ipv6HeaderLength = 40;

    private readonly PathSegmentSize _path;
    private TcpCloseReason? _unreachable;

    /// <summary>
    /// An ICMP message about one of our segments; true if it was believed. RFC 5927 4: it must quote a sequence number that is under way, which
    /// a stranger would have to guess.
    /// </summary>
    public bool PathReported(TransportError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        SequenceNumber sequence = new(error.Sequence);
        if (State == TcpState.Closed || sequence < _send.Unacknowledged || sequence >= _send.Next)
        {
            _counters.Drop(DropCause.Unacceptable);
            return false;
        }

        // RFC 5927 5.2, RFC 1122 4.2.3.9: hard errors end a connection that is only beginning; in any other they are soft, as the soft ones
        // are everywhere: they say why, should it end by a timeout.
        bool beginning = State is TcpState.SynSent or TcpState.SynReceived;
        switch (error.Kind)
        {
            case TransportErrorKind.TooBig:
                return TooBig(error.MaximumTransmissionUnit);
            case TransportErrorKind.PortUnreachable when beginning:
                Terminate(TcpCloseReason.Refused);
                return true;
            case TransportErrorKind.Prohibited when beginning:
                Terminate(TcpCloseReason.HostUnreachable);
                return true;
            default:
                _unreachable = TcpCloseReason.HostUnreachable;
                return true;
        }
    }

    // RFC 9293 3.7.1: an IP and a TCP header without options.
    private int HeadersLength => (Key.Remote.Address.IsIpv4 ? Ipv4Header.Length : Ipv6HeaderLength) + TcpHeader.MinimumLength;

    // RFC 9293 3.7.1: what a whole packet may be, by the configuration and by the link, less the headers of this connection's version.
    private int OwnSegmentSize => _configuration.SegmentSizeFor(Key.Remote.Address, _owner.MaximumTransmissionUnit);

    private TcpCloseReason TimeoutReason => _unreachable ?? TcpCloseReason.TimedOut;

    private bool TooBig(int maximumTransmissionUnit)
    {
        int octets = Math.Max(maximumTransmissionUnit - HeadersLength, _configuration.MinimumPathSegmentSize);
        if (!_path.Limit(octets, _now))
            return false;
        PathShrunk();
        return true;
    }

    // What is larger than the path takes did not arrive. That is no congestion (RFC 1191 6.5).
    private void PathShrunk()
    {
        _congestion.SetSegmentSize(SegmentSize);
        int limit = SegmentSize;
        for (int index = 0; index < _segments.Count; index++)
        {
            if (_segments[index].Length > limit)
                _segments.MarkLost(index);
        }
    }
}
