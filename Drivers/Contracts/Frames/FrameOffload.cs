namespace Troupe.Drivers.Contracts;

/// <summary>
/// What a frame still needs from the device, or what the device already did for it. A device that did not announce the
/// ability (see <see cref="NetworkDeviceInformation"/>) is never handed a frame that needs it.
/// </summary>
/// <param name="Flags">Which of the abilities apply.</param>
/// <param name="ChecksumStart">First byte of the data that the checksum covers, when <see cref="FrameOffloadFlags.NeedsChecksum"/>.</param>
/// <param name="ChecksumOffset">Where the 16-bit checksum goes, in bytes after <paramref name="ChecksumStart"/>.</param>
/// <param name="HeaderLength">Bytes from <paramref name="ChecksumStart"/> on that stand in front of each segment, when the device is to cut: TCP's header.</param>
/// <param name="SegmentSize">Bytes of data in each segment, the last excepted, when the device is to cut (<see cref="FrameOffloadFlags.SegmentsIpv4"/>, <see cref="FrameOffloadFlags.SegmentsIpv6"/>).</param>
public readonly record struct FrameOffload(
    FrameOffloadFlags Flags, ushort ChecksumStart = 0, ushort ChecksumOffset = 0, ushort HeaderLength = 0, ushort SegmentSize = 0)
{
    /// <summary>Whether the device is to cut the frame into segments.</summary>
    public bool IsSegmented => (Flags & (FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6)) != 0;
}
