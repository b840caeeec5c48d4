// IEEE 802.3 clause 3 and RFC 894: Ethernet II frames, without preamble and frame check sequence.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>The validated header of an Ethernet II frame.</summary>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, EtherType Type)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 14;

    /// <summary>Values below this one are 802.3 lengths, not types (IEEE 802.3 3.2.6).</summary>
    public const ushort FirstType = 0x0600;

    /// <summary>Reads and validates a frame.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> frame, out EthernetHeader header)
    {
        header = default;
        if (frame.Length < Length)
            return WireError.Truncated;

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (type < FirstType)
            return WireError.BadField;

        MacAddress source = MacAddress.Read(frame[6..]);
        if (!source.IsUnicast)
            return WireError.BadAddress;

        header = new(MacAddress.Read(frame), source, (EtherType)type);
        return WireError.None;
    }

    /// <summary>Writes the header's 14 octets.</summary>
    public void Write(Span<byte> frame)
    {
        Destination.Write(frame);
        Source.Write(frame[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], (ushort)Type);
    }
}
