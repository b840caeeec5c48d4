// RFC 3376 4: IGMP version 3, as a host that takes groups from any source; RFC 2236 2 and RFC 1112 appendix I for routers of versions 2 and 1.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>IGMP message types.</summary>
public enum IgmpType : byte
{
    /// <summary>A router's question who listens.</summary>
    Query = 0x11,

    /// <summary>RFC 1112: somebody listens to a group.</summary>
    ReportV1 = 0x12,

    /// <summary>RFC 2236: somebody listens to a group.</summary>
    ReportV2 = 0x16,

    /// <summary>RFC 2236: somebody listens to a group no longer.</summary>
    Leave = 0x17,

    /// <summary>RFC 3376: what a host listens to.</summary>
    ReportV3 = 0x22,
}

/// <summary>A router's question who listens.</summary>
/// <param name="Group">To which group; 0.0.0.0 for all.</param>
/// <param name="MaximumDelay">Within which time to answer.</param>
/// <param name="Version">What the router reads: reports of version 1, 2 or 3.</param>
public readonly record struct IgmpQuery(Ipv4Address Group, TimeSpan MaximumDelay, int Version)
{
    private static readonly TimeSpan _version1Delay = TimeSpan.FromSeconds(10);

    /// <summary>Reads a message that <see cref="IgmpMessage.TryParse"/> accepted.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, out IgmpQuery query)
    {
        query = default;
        // RFC 3376 7.1: eight octets are versions 1 and 2, twelve and more version 3.
        if (message.Length is not IgmpMessage.Length and < 12)
            return WireError.Truncated;
        Ipv4Address group = Ipv4Address.Read(message[4..]);
        if (!group.IsAny && !group.IsMulticast)
            return WireError.BadAddress;
        int code = message[1];
        int version = message.Length > IgmpMessage.Length ? 3 : code == 0 ? 1 : 2;
        // RFC 3376 4.1.1: tenths of a second, from 128 on as a floating-point number.
        int tenths = version < 3 || code < 128 ? code : ((code & 0x0F) | 0x10) << (((code >> 4) & 7) + 3);
        query = new(group, version == 1 ? _version1Delay : TimeSpan.FromMilliseconds(100.0 * tenths), version);
        return WireError.None;
    }
}

/// <summary>Messages as a host writes them.</summary>
public static class IgmpMessage
{
    /// <summary>Octets of a message of versions 1 and 2.</summary>
    public const int Length = 8;

    /// <summary>Octets of a report of version 3 with one record.</summary>
    public const int ReportV3Length = 16;

    /// <summary>Checks a message's length and checksum.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, out IgmpType type)
    {
        type = default;
        if (message.Length < Length)
            return WireError.Truncated;
        if (InternetChecksum.Compute(message) != 0)
            return WireError.BadChecksum;
        type = (IgmpType)message[0];
        return WireError.None;
    }

    /// <summary>Writes a report or a leave of versions 1 and 2: 8 octets.</summary>
    public static void Write(Span<byte> message, IgmpType type, Ipv4Address group)
    {
        message = message[..Length];
        message.Clear();
        message[0] = (byte)type;
        group.Write(message[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
    }

    /// <summary>Writes a report of version 3 with one record: 16 octets.</summary>
    public static void WriteV3(Span<byte> message, MulticastRecord record, Ipv4Address group)
    {
        message = message[..ReportV3Length];
        message.Clear();
        message[0] = (byte)IgmpType.ReportV3;
        message[7] = 1;
        message[8] = (byte)record;
        group.Write(message[12..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
    }
}
