// RFC 826: address resolution, for IPv4 over Ethernet; RFC 5227 names the probe and the announcement.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>What an ARP packet asks or says.</summary>
public enum ArpOperation : ushort
{
    /// <summary>Who has the target address?</summary>
    Request = 1,

    /// <summary>The sender has it.</summary>
    Reply = 2,
}

/// <summary>A validated ARP packet for IPv4 over Ethernet.</summary>
public readonly record struct ArpPacket(
    ArpOperation Operation, MacAddress SenderHardware, Ipv4Address SenderProtocol, MacAddress TargetHardware, Ipv4Address TargetProtocol)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 28;

    private const ushort EthernetHardware = 1;

    /// <summary>RFC 5227 3: both protocol addresses are the sender's.</summary>
    public bool IsAnnouncement => SenderProtocol == TargetProtocol;

    /// <summary>The announcement of an address.</summary>
    public static ArpPacket Announce(MacAddress hardware, Ipv4Address address) =>
        new(ArpOperation.Request, hardware, address, default, address);

    /// <summary>The question who has an address.</summary>
    public static ArpPacket Request(MacAddress hardware, Ipv4Address sender, Ipv4Address target) =>
        new(ArpOperation.Request, hardware, sender, default, target);

    /// <summary>The answer to a request.</summary>
    public ArpPacket ReplyFrom(MacAddress hardware) =>
        new(ArpOperation.Reply, hardware, TargetProtocol, SenderHardware, SenderProtocol);

    /// <summary>Reads and validates a packet.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> bytes, out ArpPacket packet)
    {
        packet = default;
        if (bytes.Length < Length)
            return WireError.Truncated;
        if (BinaryPrimitives.ReadUInt16BigEndian(bytes) != EthernetHardware ||
            BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != (ushort)EtherType.Ipv4)
            return WireError.BadField;
        if (bytes[4] != MacAddress.Length || bytes[5] != Ipv4Address.Length)
            return WireError.BadLength;

        ushort operation = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        if (operation is not ((ushort)ArpOperation.Request or (ushort)ArpOperation.Reply))
            return WireError.BadField;

        MacAddress sender = MacAddress.Read(bytes[8..]);
        Ipv4Address protocol = Ipv4Address.Read(bytes[14..]);
        // A probe (RFC 5227 2.1.1) has no sender address; any other sender must be one host.
        if (!sender.IsUnicast || !(protocol.IsAny || protocol.IsUnicast))
            return WireError.BadAddress;

        packet = new((ArpOperation)operation, sender, protocol, MacAddress.Read(bytes[18..]), Ipv4Address.Read(bytes[24..]));
        return WireError.None;
    }

    /// <summary>Writes the packet's 28 octets.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, EthernetHardware);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)EtherType.Ipv4);
        bytes[4] = MacAddress.Length;
        bytes[5] = Ipv4Address.Length;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)Operation);
        SenderHardware.Write(bytes[8..]);
        SenderProtocol.Write(bytes[14..]);
        TargetHardware.Write(bytes[18..]);
        TargetProtocol.Write(bytes[24..]);
    }
}
