namespace Troupe.Drivers.Contracts;

/// <summary>Flags of a <see cref="FrameOffload"/>.</summary>
[Flags]
public enum FrameOffloadFlags : byte
{
    /// <summary>Nothing: the frame is complete on transmit, unverified on receive.</summary>
    None = 0,

    /// <summary>Transmit: the checksum field holds the pseudo-header's sum; the device completes it.</summary>
    NeedsChecksum = 1,

    /// <summary>Receive: the device (or the sender on the same machine) vouches for the transport checksum.</summary>
    ChecksumVerified = 2,

    /// <summary>Transmit: TCP over IPv4, larger than a packet may be; the device cuts it. Needs its checksum completed too.</summary>
    SegmentsIpv4 = 4,

    /// <summary>The same over IPv6.</summary>
    SegmentsIpv6 = 8,
}
