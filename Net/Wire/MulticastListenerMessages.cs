// RFC 3810 5: multicast listener discovery, version 2, as a host that takes groups from any source; RFC 2710 for routers of version 1.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>RFC 3810 5.2.12: what a record of a report says.</summary>
public enum MulticastRecord : byte
{
    /// <summary>This host listens, whatever the source.</summary>
    ModeIsExclude = 2,

    /// <summary>It no longer does.</summary>
    ChangeToInclude = 3,

    /// <summary>It does from now on.</summary>
    ChangeToExclude = 4,
}

/// <summary>A router's question who listens.</summary>
/// <param name="Group">To which group; "::" for all.</param>
/// <param name="MaximumDelay">Within which time to answer.</param>
/// <param name="IsVersion1">Whether the router only reads reports of version 1.</param>
public readonly record struct MulticastListenerQuery(Ipv6Address Group, TimeSpan MaximumDelay, bool IsVersion1)
{
    /// <summary>Reads a message whose fixed part was validated.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, out MulticastListenerQuery query)
    {
        query = default;
        // RFC 3810 8.1: 24 octets are version 1, 28 and more version 2.
        if (message.Length is not 24 and < 28)
            return WireError.Truncated;
        int code = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        bool version1 = message.Length == 24;
        // RFC 3810 5.1.3: from 32768 on it is a floating-point number.
        int milliseconds = version1 || code < 0x8000 ? code : ((code & 0xFFF) | 0x1000) << (((code >> 12) & 7) + 3);
        Ipv6Address group = Ipv6Address.Read(message[8..]);
        if (!group.IsAny && !group.IsMulticast)
            return WireError.BadAddress;
        query = new(group, TimeSpan.FromMilliseconds(milliseconds), version1);
        return WireError.None;
    }
}

/// <summary>What a host says of the groups it listens to.</summary>
public static class MulticastListenerReport
{
    /// <summary>RFC 2711: every router on the way must look at this; in a hop-by-hop header of eight octets.</summary>
    public static ReadOnlySpan<byte> RouterAlert => [(byte)IpProtocol.Icmpv6, 0, 5, 2, 0, 0, 1, 0];

    /// <summary>Octets of a report of version 2 with one record a group.</summary>
    public static int LengthOf(int groups) => 8 + groups * 20;

    /// <summary>Writes a report of version 2.</summary>
    public static void Write(Span<byte> message, MulticastRecord kind, ReadOnlySpan<Ipv6Address> groups, Ipv6Address source)
    {
        message = message[..LengthOf(groups.Length)];
        Span<byte> record = message[8..];
        foreach (Ipv6Address group in groups)
        {
            record[..4].Clear();
            record[0] = (byte)kind;
            group.Write(record[4..]);
            record = record[20..];
        }

        new Icmpv6Header(Icmpv6Type.MulticastListenerReportV2, 0, (uint)groups.Length).Write(message, source, Ipv6Address.AllMulticastRouters);
    }

    /// <summary>Writes a report, or with <paramref name="done"/> the end of one, of version 1: 24 octets.</summary>
    public static void WriteVersion1(Span<byte> message, Ipv6Address group, bool done, Ipv6Address source, Ipv6Address destination)
    {
        group.Write(message[8..]);
        new Icmpv6Header(done ? Icmpv6Type.MulticastListenerDone : Icmpv6Type.MulticastListenerReport, 0).Write(message[..24], source, destination);
    }
}
