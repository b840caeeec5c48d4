// VIRTIO 1.2, section 5.1.6: struct virtio_net_hdr, what stands before each frame on the way to the device and from it.
using System.Buffers.Binary;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>What the device is told of a frame, and what it tells of one.</summary>
internal static class DeviceHeader
{
    /// <summary>With num_buffers, which is always there since version 1.</summary>
    public const int Length = 12;

    private const byte NeedsChecksum = 1;
    private const byte DataValid = 2;
    private const byte NotSegmented = 0;
    private const byte SegmentedIpv4 = 1;
    private const byte SegmentedIpv6 = 4;

    /// <summary>Writes what a frame needs; its offload counts from the Ethernet header.</summary>
    public static void Write(Span<byte> header, in FrameOffload offload)
    {
        header.Clear();
        if ((offload.Flags & FrameOffloadFlags.NeedsChecksum) == 0)
        {
            return;
        }

        header[0] = NeedsChecksum;
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], offload.ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], offload.ChecksumOffset);
        if (offload.IsSegmented)
        {
            header[1] = (offload.Flags & FrameOffloadFlags.SegmentsIpv4) != 0 ? SegmentedIpv4 : SegmentedIpv6;
            BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)(offload.ChecksumStart + offload.HeaderLength));
            BinaryPrimitives.WriteUInt16LittleEndian(header[4..], offload.SegmentSize);
        }
    }

    /// <summary>How many buffers a received packet takes, as the device says.</summary>
    public static int BufferCount(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);

    /// <summary>
    /// Reads what the device says of a received packet. False if it says what was not agreed upon, or names bytes that its first piece does not have.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> header, ulong features, int firstLength, out FrameOffloadFlags flags)
    {
        flags = FrameOffloadFlags.None;
        var mayVouch = (features & VirtioNetFeatures.ReceiveChecksum) != 0;
        var agreed = header[1] switch
        {
            NotSegmented => true,
            SegmentedIpv4 => (features & VirtioNetFeatures.ReceiveSegmentationIpv4) != 0,
            SegmentedIpv6 => (features & VirtioNetFeatures.ReceiveSegmentationIpv6) != 0,
            _ => false,
        };
        if (!agreed)
        {
            return false;
        }

        if ((header[0] & NeedsChecksum) != 0)
        {
            var end = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) + sizeof(ushort);
            if (!mayVouch || end > firstLength)
            {
                return false;
            }

            flags = FrameOffloadFlags.ChecksumVerified;
        }
        else if (mayVouch && (header[0] & DataValid) != 0)
        {
            flags = FrameOffloadFlags.ChecksumVerified;
        }

        return true;
    }
}
