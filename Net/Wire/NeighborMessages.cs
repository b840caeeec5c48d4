// RFC 4861 4.3, 4.4 and 4.6.1: neighbour solicitations and advertisements.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>RFC 4861 4.6: options of neighbour discovery this stack reads.</summary>
internal enum NeighborOption : byte
{
    SourceLinkLayer = 1,
    TargetLinkLayer = 2,
    PrefixInformation = 3,
    Mtu = 5,
    RecursiveDnsServer = 25,
    DnsSearchList = 31,
}

/// <summary>Steps through options: each has a type, a length in units of eight octets, and its value.</summary>
internal static class NeighborOptions
{
    /// <summary>RFC 4861 4.6: a length of zero makes the whole message bad.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> options, out NeighborOption type, out ReadOnlySpan<byte> option)
    {
        type = default;
        option = default;
        if (options.Length < 8 || options[1] == 0 || options[1] * 8 > options.Length)
            return false;
        type = (NeighborOption)options[0];
        option = options[..(options[1] * 8)];
        options = options[(options[1] * 8)..];
        return true;
    }

    public static void WriteLinkLayer(Span<byte> bytes, NeighborOption type, MacAddress address)
    {
        bytes[0] = (byte)type;
        bytes[1] = 1;
        address.Write(bytes[2..]);
    }

    public static WireError TryFindLinkLayer(ReadOnlySpan<byte> options, NeighborOption wanted, out MacAddress? address)
    {
        address = null;
        while (options.Length > 0)
        {
            if (!TryTake(ref options, out NeighborOption type, out ReadOnlySpan<byte> option))
                return WireError.BadOption;
            if (type == wanted && option.Length == 8 && MacAddress.Read(option[2..]) is { IsUnicast: true } hardware)
                address ??= hardware;
        }

        return WireError.None;
    }
}

/// <summary>Who has the target, or does whoever has it still answer?</summary>
/// <param name="Target">The address asked about.</param>
/// <param name="SourceHardware">The asker's link address; none while it only makes sure that nobody has the target (RFC 4862 5.4.2).</param>
public readonly record struct NeighborSolicitation(Ipv6Address Target, MacAddress? SourceHardware)
{
    /// <summary>Octets on the wire with the option.</summary>
    public int Length => 24 + (SourceHardware is null ? 0 : 8);

    /// <summary>Reads a message whose fixed part was validated (RFC 4861 7.1.1, but for the hop limit).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, Ipv6Address source, Ipv6Address destination, out NeighborSolicitation solicitation)
    {
        solicitation = default;
        if (message.Length < 24)
            return WireError.Truncated;
        Ipv6Address target = Ipv6Address.Read(message[8..]);
        if (target.IsMulticast)
            return WireError.BadAddress;
        WireError error = NeighborOptions.TryFindLinkLayer(message[24..], NeighborOption.SourceLinkLayer, out MacAddress? hardware);
        if (error != WireError.None)
            return error;
        if (source.IsAny && (destination != target.SolicitedNode || hardware is not null))
            return WireError.BadField;
        solicitation = new(target, hardware);
        return WireError.None;
    }

    /// <summary>Writes the whole message.</summary>
    public void Write(Span<byte> message, Ipv6Address source, Ipv6Address destination)
    {
        Target.Write(message[8..]);
        if (SourceHardware is { } hardware)
            NeighborOptions.WriteLinkLayer(message[24..], NeighborOption.SourceLinkLayer, hardware);
        new Icmpv6Header(Icmpv6Type.NeighborSolicitation, 0).Write(message[..Length], source, destination);
    }
}

/// <summary>The target is here.</summary>
/// <param name="Target">The address.</param>
/// <param name="TargetHardware">Its link address.</param>
/// <param name="IsRouter">R: whoever has it is a router.</param>
/// <param name="IsSolicited">S: this answers a question.</param>
/// <param name="Overrides">O: a link address that is known otherwise gives way.</param>
public readonly record struct NeighborAdvertisement(
    Ipv6Address Target, MacAddress? TargetHardware, bool IsRouter, bool IsSolicited, bool Overrides)
{
    private const uint RouterFlag = 0x8000_0000;
    private const uint SolicitedFlag = 0x4000_0000;
    private const uint OverrideFlag = 0x2000_0000;

    /// <summary>Octets on the wire with the option.</summary>
    public int Length => 24 + (TargetHardware is null ? 0 : 8);

    /// <summary>Reads a message whose fixed part was validated (RFC 4861 7.1.2, but for the hop limit).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, Ipv6Address destination, out NeighborAdvertisement advertisement)
    {
        advertisement = default;
        if (message.Length < 24)
            return WireError.Truncated;
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        Ipv6Address target = Ipv6Address.Read(message[8..]);
        if (target.IsMulticast)
            return WireError.BadAddress;
        bool solicited = (flags & SolicitedFlag) != 0;
        if (destination.IsMulticast && solicited)
            return WireError.BadField;
        WireError error = NeighborOptions.TryFindLinkLayer(message[24..], NeighborOption.TargetLinkLayer, out MacAddress? hardware);
        if (error != WireError.None)
            return error;
        advertisement = new(target, hardware, (flags & RouterFlag) != 0, solicited, (flags & OverrideFlag) != 0);
        return WireError.None;
    }

    /// <summary>Writes the whole message.</summary>
    public void Write(Span<byte> message, Ipv6Address source, Ipv6Address destination)
    {
        Target.Write(message[8..]);
        if (TargetHardware is { } hardware)
            NeighborOptions.WriteLinkLayer(message[24..], NeighborOption.TargetLinkLayer, hardware);
        uint flags = (IsRouter ? RouterFlag : 0) | (IsSolicited ? SolicitedFlag : 0) | (Overrides ? OverrideFlag : 0);
        new Icmpv6Header(Icmpv6Type.NeighborAdvertisement, 0, flags).Write(message[..Length], source, destination);
    }
}
