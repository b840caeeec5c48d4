// RFC 6298: how long a TCP sender may wait before it sends again.
namespace Troupe.Tools.Networks;

/// <summary>How long a sender kept silent while something of its was outstanding, and how long it might have.</summary>
/// <param name="Gap">The silence.</param>
/// <param name="Timeout">The retransmission timeout of that moment, back-off included.</param>
public readonly record struct Silence(TimeSpan Gap, TimeSpan Timeout)
{
    /// <summary>How much longer it was than the timeout; negative when it was shorter.</summary>
    public TimeSpan Excess => Gap - Timeout;
}

/// <summary>
/// Watches the frames at a sender's interface and finds its longest silence, measured against the retransmission timeout that RFC 6298 gives for the round trips seen there. A silence is the time between two
/// segments with data, or between an acknowledgement of new data and the next segment with data, while data are outstanding and the peer's window is open. May be called by several threads.
/// </summary>
public sealed class SilenceWatch
{
    private readonly Lock _lock = new();
    private readonly Dictionary<((int Version, int Port) Own, (int Version, int Port) Peer), Sender> _senders = [];

    /// <summary>The silence that exceeded its timeout most, or fell short of it least; null when there was none.</summary>
    public Silence? Longest { get; private set; }

    /// <summary>The watched host sent a frame.</summary>
    public void Sent(ReadOnlySpan<byte> frame, TimeSpan now)
    {
        if (!TcpFrame.TryRead(frame, out var segment) || segment.Length == 0)
        {
            return;
        }

        lock (_lock)
        {
            var key = (segment.Source, segment.Destination);
            if (!_senders.TryGetValue(key, out var sender))
            {
                _senders.Add(key, sender = new Sender(segment.Sequence, now));
            }

            if (sender.Send(segment, now) is { } silence && (Longest is not { } longest || silence.Excess > longest.Excess))
            {
                Longest = silence;
            }
        }
    }

    /// <summary>An intact frame reached the watched host.</summary>
    public void Received(ReadOnlySpan<byte> frame, TimeSpan now)
    {
        if (!TcpFrame.TryRead(frame, out var segment))
        {
            return;
        }

        lock (_lock)
        {
            var key = (segment.Destination, segment.Source);
            if (segment.Resets)
            {
                _senders.Remove(key);
            }
            else if (segment.Acknowledges && _senders.TryGetValue(key, out var sender))
            {
                sender.Receive(segment, now);
            }
        }
    }

    /// <summary>One direction of a connection.</summary>
    private sealed class Sender(uint first, TimeSpan now)
    {
        // RFC 6298 2 and 5.7; the floor and the ceiling are what Linux and this stack use.
        private static readonly TimeSpan _floor = TimeSpan.FromMilliseconds(200);
        private static readonly TimeSpan _ceiling = TimeSpan.FromSeconds(120);
        private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);

        private readonly Queue<Outstanding> _outstanding = new();
        private uint _next = first;
        private uint _acknowledged = first;
        private TimeSpan? _smoothed;
        private TimeSpan _variation;
        private TimeSpan _lastProgress = now;
        private TimeSpan _lastReceived = now;
        private int _backOff;
        private bool _shut;

        private TimeSpan Timeout
        {
            get
            {
                var timeout = _smoothed is { } smoothed ? smoothed + (4 * _variation) : _first;
                timeout = timeout < _floor ? _floor : timeout;
                for (var time = 0; time < _backOff && timeout < _ceiling; time++)
                {
                    timeout *= 2;
                }

                return timeout < _ceiling ? timeout : _ceiling;
            }
        }

        public Silence? Send(in TcpFrame segment, TimeSpan now)
        {
            Silence? silence = _outstanding.Count > 0 && !_shut ? new Silence(now - _lastProgress, Timeout) : null;
            _lastProgress = now;
            var end = segment.Sequence + (uint)segment.Length;
            if ((int)(end - _next) > 0)
            {
                _outstanding.Enqueue(new Outstanding(end, now));
                _next = end;
                return silence;
            }

            foreach (var sent in _outstanding.Where(sent => (int)(sent.End - end) <= 0))
            {
                // Karn's rule: an acknowledgement would not say which of both it is for.
                sent.IsResent = true;
            }

            // What was sent again because of what the peer said is no timeout; that is when it has been silent for long.
            if ((int)(segment.Sequence - _acknowledged) <= 0 && now - _lastReceived >= Timeout / 2)
            {
                _backOff++;
            }

            return silence;
        }

        public void Receive(in TcpFrame segment, TimeSpan now)
        {
            _lastReceived = now;
            if (_shut && segment.Window > 0)
            {
                _lastProgress = now;
            }

            _shut = segment.Window == 0;
            if ((int)(segment.Acknowledgement - _acknowledged) <= 0 || (int)(segment.Acknowledgement - _next) > 0)
            {
                return;
            }

            _acknowledged = segment.Acknowledgement;
            _lastProgress = now;
            _backOff = 0;
            TimeSpan? roundTrip = null;
            while (_outstanding.TryPeek(out var sent) && (int)(sent.End - _acknowledged) <= 0)
            {
                roundTrip = sent.IsResent ? null : now - sent.At;
                _outstanding.Dequeue();
            }

            if (roundTrip is { } sample)
            {
                // RFC 6298 2.2, 2.3.
                _variation = _smoothed is { } before ? (0.75 * _variation) + (0.25 * (before - sample).Duration()) : sample / 2;
                _smoothed = _smoothed is { } smoothed ? (0.875 * smoothed) + (0.125 * sample) : sample;
            }
        }

        private sealed class Outstanding(uint end, TimeSpan at)
        {
            public uint End => end;

            public TimeSpan At => at;

            public bool IsResent { get; set; }
        }
    }
}
