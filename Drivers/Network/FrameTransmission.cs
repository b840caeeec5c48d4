using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>What the drivers of network cards ask of a frame before they hand it to a device.</summary>
internal static class FrameTransmission
{
    /// <summary>IEEE 802.3: two addresses and the type.</summary>
    public const int EthernetHeaderLength = 14;

    /// <summary>The same with an IEEE 802.1Q tag.</summary>
    public const int LongestEthernetHeader = EthernetHeaderLength + 4;

    /// <summary>The largest packet of IP, behind its Ethernet header.</summary>
    public const int LargestPacket = ushort.MaxValue;

    /// <summary>Whether a device can send the frame; who cuts into segments completes the checksum too.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="agreed">What the device was agreed to do for frames.</param>
    /// <param name="longest">Bytes of the longest frame on the link.</param>
    /// <param name="longestSegmented">Bytes of the longest frame that the device cuts.</param>
    /// <param name="mostPieces">Pieces of a frame that the device cuts.</param>
    public static bool IsSendable([Borrowed] FrameBuffer frame, FrameOffloadFlags agreed, int longest, int longestSegmented, int mostPieces)
    {
        var offload = frame.Offload;
        var needs = offload.Flags & (FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6);
        if (frame.Length < EthernetHeaderLength || (needs & ~agreed) != 0)
        {
            return false;
        }

        if ((needs & FrameOffloadFlags.NeedsChecksum) != 0 && offload.ChecksumStart + offload.ChecksumOffset + sizeof(ushort) > frame.Length)
        {
            return false;
        }

        if (!offload.IsSegmented)
        {
            return frame.TotalLength <= longest;
        }

        return (needs & FrameOffloadFlags.NeedsChecksum) != 0 && offload.SegmentSize > 0
            && offload.ChecksumStart + offload.HeaderLength <= frame.Length
            && offload.ChecksumStart + offload.HeaderLength + offload.SegmentSize <= longest
            && frame.TotalLength <= longestSegmented
            && frame.PieceCount <= mostPieces;
    }

    /// <summary>Whether all pieces lie in memory that the device reaches.</summary>
    public static bool IsWithinReach([Borrowed] FrameBuffer frame, FramePool pool, FramePool otherPool)
    {
        foreach (var piece in frame.Pieces)
        {
            if (!ReferenceEquals(piece.Pool, pool) && !ReferenceEquals(piece.Pool, otherPool))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A copy in one piece, which the device reaches; false: it is too long for one, or none is free.</summary>
    public static bool TryCopy([Borrowed] FrameBuffer frame, FramePool pool, out FrameBuffer copy)
    {
        copy = default;
        if (frame.TotalLength > pool.FrameSize - pool.Headroom || !pool.TryRent(out copy))
        {
            return false;
        }

        foreach (var piece in frame.Pieces)
        {
            copy.Append(piece.Data);
        }

        copy.SetOffload(frame.Offload);
        return true;
    }
}
