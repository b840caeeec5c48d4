// RFC 9293 3.8.4: keep-alives, for connections on which nothing is outstanding; off unless the application asks.
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private TimeSpan _lastReceived;
    private TimeSpan _lastKeepAlive;
    private int _keepAlives;

    private TimeSpan KeepAliveDeadline
    {
        get
        {
            if (!_settings.KeepAlive || _send.Outstanding > 0 || State is not (TcpState.Established or TcpState.CloseWait or TcpState.FinWait2))
                return RetransmissionTimer.Off;
            return _keepAlives == 0 ? _lastReceived + _settings.KeepAliveTime : _lastKeepAlive + _settings.KeepAliveInterval;
        }
    }

    private void KeepAliveExpired()
    {
        if (_keepAlives >= _settings.KeepAliveProbes)
        {
            // 3.8.4: that one probe is not answered says nothing; that none is, does. Whoever is there learns that we are not.
            SendReset();
            Terminate(TimeoutReason);
            return;
        }

        _keepAlives++;
        _lastKeepAlive = _now;
        // An octet before the window, and none at all: any peer must answer it.
        Send(Wire.TcpFlags.Ack, _send.Next - 1, 0, SegmentOptions(0));
    }

    private void HeardFromPeer()
    {
        _lastReceived = _now;
        _keepAlives = 0;
    }
}
