// RFC 4987 3.6 and appendix A: SYN cookies. Under a flood of SYNs the answer's sequence number says what the connection would have remembered.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// Two bits of time, two of segment size, and 28 of a keyed hash over both, the connection and the peer's number. Scale and the other options
/// travel in the last bits of our timestamp, which the peer echoes; without timestamps they are lost.
/// </summary>
internal static class SynCookie
{
    /// <summary>How long an answer to a cookie is taken at least; at most twice as long.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(64);

    private const int HashBits = 28;
    private const uint HashMask = (1u << HashBits) - 1;
    private const uint NoScale = 15;
    private const int ScaleShift = 2;
    private const uint SackBit = 2;
    private const uint NotificationBit = 1;
    private const uint TimestampMask = 63;

    // IPv4's least, IPv6's least, IPv6 and IPv4 over Ethernet; a peer gets the largest that is not above its own.
    private static ReadOnlySpan<ushort> SegmentSizes => [536, 1220, 1440, 1460];

    /// <summary>The initial sequence number that answers a SYN.</summary>
    public static SequenceNumber Create(InitialSequenceNumbers secret, in TcpConnectionKey key, in TcpHeader syn, TimeSpan now)
    {
        int size = SegmentSizes.Length - 1;
        while (size > 0 && SegmentSizes[size] > (syn.Options.MaximumSegmentSize ?? 0))
            size--;
        return Compute(secret, key, syn.Sequence, Count(now), (uint)size);
    }

    /// <summary>Our timestamp with the options of a SYN in it; never greater than the clock, so that later ones are not older.</summary>
    public static uint MarkTimestamp(uint value, in TcpHeader syn, bool selective, bool notifies)
    {
        uint bits = ((uint)(syn.Options.WindowScale ?? (byte)NoScale) << ScaleShift)
            | (selective && syn.Options.SackPermitted ? SackBit : 0) | (notifies ? NotificationBit : 0);
        uint marked = (value & ~TimestampMask) | bits;
        return (int)(marked - value) > 0 ? marked - TimestampMask - 1 : marked;
    }

    /// <summary>Whether an acknowledgement brings a cookie of ours back; the SYN it was for, as far as it is remembered.</summary>
    public static bool TryRead(InitialSequenceNumbers secret, in TcpConnectionKey key, in TcpHeader acknowledgement, TimeSpan now, out TcpHeader syn)
    {
        syn = default;
        uint cookie = acknowledgement.Acknowledgement.Value - 1;
        SequenceNumber peerInitial = acknowledgement.Sequence - 1;
        uint count = Count(now);
        // Two bits of the time tell this period from the one before; older ones are none.
        if ((count & 3) != cookie >> 30)
            count--;
        uint size = (cookie >> HashBits) & 3;
        if ((count & 3) != cookie >> 30 || Compute(secret, key, peerInitial, count, size).Value != cookie)
            return false;

        TcpOptions options = new() { MaximumSegmentSize = SegmentSizes[(int)size] };
        TcpFlags flags = TcpFlags.Syn;
        if (acknowledgement.Options.Timestamps is { } timestamps)
        {
            uint scale = (timestamps.EchoReply & TimestampMask) >> ScaleShift;
            options = options with
            {
                Timestamps = (timestamps.Value, 0),
                WindowScale = scale == NoScale ? null : (byte)Math.Min(scale, TcpOptions.MaximumWindowScale),
                SackPermitted = (timestamps.EchoReply & SackBit) != 0,
            };
            if ((timestamps.EchoReply & NotificationBit) != 0)
                flags |= TcpFlags.Ece | TcpFlags.Cwr;
        }

        syn = new(key.Remote.Port, key.Local.Port, peerInitial, default, flags, acknowledgement.Window, options);
        return true;
    }

    private static uint Count(TimeSpan now) => (uint)(now.Ticks / Period.Ticks);

    private static SequenceNumber Compute(InitialSequenceNumbers secret, in TcpConnectionKey key, SequenceNumber peerInitial, uint count, uint size)
    {
        ulong hash = secret.Hash(key, ((ulong)peerInitial.Value << 32) | count, size);
        return new((count & 3) << 30 | size << HashBits | ((uint)hash & HashMask));
    }
}
