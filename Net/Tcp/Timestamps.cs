// RFC 7323 3 to 5: the timestamps option, and PAWS, protection against wrapped sequence numbers.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>The timestamps of one connection. The clock ticks once a millisecond (5.4 allows 1 ms to 1 s).</summary>
/// <param name="offset">Where the clock begins: nobody shall read from it how long the machine has been up.</param>
internal struct Timestamps(uint offset)
{
    // 5.5: longer than this without a segment, and the number may have wrapped.
    private static readonly TimeSpan Outdated = TimeSpan.FromDays(24);

    private TimeSpan _recentAt;

    /// <summary>What is added to the clock.</summary>
    public readonly uint Offset => offset;

    /// <summary>Whether both ends sent the option in their SYN.</summary>
    public bool IsOn { get; private set; }

    /// <summary>TS.Recent.</summary>
    public uint Recent { get; private set; }

    /// <summary>The peer's SYN carried the option.</summary>
    public void TurnOn(uint value, TimeSpan now)
    {
        IsOn = true;
        Recent = value;
        _recentAt = now;
    }

    /// <summary>TSval at a time.</summary>
    public readonly uint ValueAt(TimeSpan time) => Value(time, offset);

    /// <summary>TSval at a time of a connection whose clock has an offset.</summary>
    public static uint Value(TimeSpan time, uint offset) => (uint)(time.Ticks / TimeSpan.TicksPerMillisecond) + offset;

    /// <summary>The option of a segment sent now; its echo means something in segments with ACK only.</summary>
    public readonly (uint Value, uint EchoReply)? Option(TimeSpan now, bool acknowledges) => (ValueAt(now), acknowledges ? Recent : 0);

    /// <summary>5.3 R1: a segment from before the last one that counted.</summary>
    public readonly bool IsOld(uint value, TimeSpan now) => (int)(value - Recent) < 0 && now - _recentAt < Outdated;

    /// <summary>4.3: takes the value of a segment that spans the last acknowledgement sent, which is the one to echo.</summary>
    public void Take(uint value, SequenceNumber sequence, SequenceNumber lastAcknowledgementSent, TimeSpan now)
    {
        if (sequence > lastAcknowledgementSent || ((int)(value - Recent) < 0 && now - _recentAt < Outdated))
            return;
        Recent = value;
        _recentAt = now;
    }

    /// <summary>4.1: the round trip that an echo measures.</summary>
    public readonly TimeSpan RoundTrip(uint echo, TimeSpan now) => TimeSpan.FromMilliseconds(Math.Max(0, (int)(ValueAt(now) - echo)));

    /// <summary>Whether an echo is of a segment sent before a time, so not of one sent then.</summary>
    public readonly bool IsBefore(uint echo, TimeSpan time) => (int)(echo - ValueAt(time)) < 0;
}
