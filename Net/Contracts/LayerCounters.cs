namespace Troupe.Net.Contracts;

/// <summary>Why a layer dropped a packet.</summary>
public enum DropCause
{
    /// <summary>Shorter than its header or its length field says.</summary>
    Truncated,

    /// <summary>A version, length, field or option that the specification does not allow.</summary>
    Malformed,

    /// <summary>A wrong checksum.</summary>
    BadChecksum,

    /// <summary>An address that may not stand there.</summary>
    BadAddress,

    /// <summary>Sent to somebody else.</summary>
    NotForUs,

    /// <summary>A protocol nobody handles.</summary>
    UnknownProtocol,

    /// <summary>A fragment that overlaps another, or contradicts what is known of its datagram.</summary>
    Overlap,

    /// <summary>A datagram whose fragments did not all come in time.</summary>
    Timeout,

    /// <summary>Larger than the path takes, and not to be cut.</summary>
    TooBig,

    /// <summary>It came from further than the neighbours this message is for (RFC 4861: hop limit 255).</summary>
    HopLimit,

    /// <summary>Somebody else uses or wants our address.</summary>
    Conflict,

    /// <summary>A port nobody listens on.</summary>
    NoListener,

    /// <summary>The layer above was behind.</summary>
    Overflow,

    /// <summary>No buffer was free.</summary>
    NoBuffer,

    /// <summary>No route, or no address of our own yet.</summary>
    Unroutable,

    /// <summary>The next hop did not answer.</summary>
    Unresolved,

    /// <summary>A table was full.</summary>
    TableFull,

    /// <summary>Not sent because of a limit per second.</summary>
    RateLimited,

    /// <summary>Outside the window, or acknowledging what was never sent.</summary>
    Unacceptable,

    /// <summary>Octets that had been received before.</summary>
    Duplicate,

    /// <summary>Data after the application closed.</summary>
    AfterClose,

    /// <summary>A timestamp older than the last, or none where each segment must have one (RFC 7323).</summary>
    OldTimestamp,

    /// <summary>No buffer was free for a packet that was to be sent (an internet layer): apart from <see cref="NoBuffer"/>, so that what becomes of received packets adds up.</summary>
    NoBufferToSend,

    /// <summary>The word that a packet did not arrive, for a transport that was behind. The packet that brought the word is accounted for where it was received.</summary>
    ErrorNotTold,
}

/// <summary>What a layer counted. One actor writes, anybody reads; a reader sees each number whole, not all at one instant.</summary>
/// <param name="layer">The layer's name.</param>
/// <param name="interfaceName">The name of the interface that the layer is of; null for a layer of the host's.</param>
public sealed class LayerCounters(string layer, string? interfaceName = null)
{
    /// <summary>The layer that counts what goes round within the host, and never to a link.</summary>
    public const string Loopback = "loopback";

    // The last cause; asking the enumeration for its length would go by reflection, in every boot.
    private readonly long[] _dropped = new long[(int)DropCause.ErrorNotTold + 1];
    private long _received;
    private long _sent;
    private long _receivedOctets;
    private long _sentOctets;
    private long _cookies;
    private long _fragments;
    private long _reassembled;

    /// <summary>The layer's name.</summary>
    public string Layer { get; } = layer;

    /// <summary>The name of the interface that the layer is of; null for a layer of the host's.</summary>
    public string? Interface { get; } = interfaceName;

    /// <summary>Packets that arrived from below.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Packets handed down.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Octets of what arrived, headers of the link included (the link layer, and what goes round within the host).</summary>
    public long ReceivedOctets => Volatile.Read(ref _receivedOctets);

    /// <summary>Octets of what was handed down (the same layers).</summary>
    public long SentOctets => Volatile.Read(ref _sentOctets);

    /// <summary>SYNs answered by a cookie and forgotten (TCP, RFC 4987).</summary>
    public long Cookies => Volatile.Read(ref _cookies);

    /// <summary>Fragments that were kept for the others of their datagram, which may have become whole since, or been given up (an internet layer).</summary>
    public long Fragments => Volatile.Read(ref _fragments);

    /// <summary>Datagrams that became whole (an internet layer).</summary>
    public long Reassembled => Volatile.Read(ref _reassembled);

    /// <summary>Packets dropped for any cause.</summary>
    public long TotalDropped
    {
        get
        {
            long total = 0;
            for (int cause = 0; cause < _dropped.Length; cause++)
                total += Volatile.Read(ref _dropped[cause]);
            return total;
        }
    }

    /// <summary>Packets dropped for one cause.</summary>
    public long Dropped(DropCause cause) => Volatile.Read(ref _dropped[(int)cause]);

    /// <summary>Counts packets from below.</summary>
    public void CountReceived(int packets = 1) => Interlocked.Add(ref _received, packets);

    /// <summary>Counts packets handed down.</summary>
    public void CountSent(int packets = 1) => Interlocked.Add(ref _sent, packets);

    /// <summary>Counts octets of packets from below.</summary>
    public void CountReceivedOctets(long octets) => Interlocked.Add(ref _receivedOctets, octets);

    /// <summary>Counts octets of packets handed down.</summary>
    public void CountSentOctets(long octets) => Interlocked.Add(ref _sentOctets, octets);

    /// <summary>Counts a SYN answered by a cookie.</summary>
    public void CountCookie() => Interlocked.Increment(ref _cookies);

    /// <summary>Counts a fragment that is kept.</summary>
    public void CountFragment() => Interlocked.Increment(ref _fragments);

    /// <summary>Counts a datagram that became whole.</summary>
    public void CountReassembled() => Interlocked.Increment(ref _reassembled);

    /// <summary>Counts dropped packets.</summary>
    public void Drop(DropCause cause, int packets = 1) => Interlocked.Add(ref _dropped[(int)cause], packets);

    /// <summary>Counts a packet that could not be parsed.</summary>
    public void Drop(Wire.WireError error) => Drop(error switch
    {
        Wire.WireError.Truncated => DropCause.Truncated,
        Wire.WireError.BadChecksum => DropCause.BadChecksum,
        Wire.WireError.BadAddress => DropCause.BadAddress,
        _ => DropCause.Malformed,
    });

    /// <summary>What several layers, of as many interfaces, counted together until now.</summary>
    public static LayerCounters Sum(string layer, IEnumerable<LayerCounters> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        LayerCounters sum = new(layer);
        foreach (LayerCounters part in parts)
        {
            (sum._received, sum._sent) = (sum._received + part.Received, sum._sent + part.Sent);
            (sum._receivedOctets, sum._sentOctets) = (sum._receivedOctets + part.ReceivedOctets, sum._sentOctets + part.SentOctets);
            (sum._cookies, sum._fragments, sum._reassembled) = (sum._cookies + part.Cookies, sum._fragments + part.Fragments, sum._reassembled + part.Reassembled);
            for (int cause = 0; cause < sum._dropped.Length; cause++)
                sum._dropped[cause] += part.Dropped((DropCause)cause);
        }

        return sum;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder().Append(Layer);
        // Of the first it goes without saying.
        if (Interface is { } name && name != InternetInterface.NameOf(0))
            text.Append(' ').Append(name);
        text.Append(": received ").Append(Received).Append(", sent ").Append(Sent);
        if (Cookies > 0)
            text.Append(", cookies ").Append(Cookies);
        if (Fragments > 0)
            text.Append(", fragments ").Append(Fragments).Append(", reassembled ").Append(Reassembled);
        foreach (DropCause cause in Enum.GetValues<DropCause>())
        {
            if (Dropped(cause) is var dropped and > 0)
                text.Append(", ").Append(cause).Append(' ').Append(dropped);
        }

        return text.ToString();
    }
}
