// RFC 791 3.1, RFC 8200 3, RFC 9293 3.1: the headers of a frame, as far as a bystander follows a connection by them.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks;

/// <summary>What an intact frame says of a TCP connection. Frames with IPv6 extension headers and fragments are taken for something else.</summary>
/// <param name="Source">The sender's IP version and port.</param>
/// <param name="Destination">The receiver's.</param>
/// <param name="Sequence">The first sequence number.</param>
/// <param name="Length">How many sequence numbers it has: data, SYN, FIN.</param>
/// <param name="Acknowledgement">What the sender expects next, when <paramref name="Acknowledges"/>.</param>
/// <param name="Acknowledges">Whether ACK is set.</param>
/// <param name="Resets">Whether RST is set.</param>
/// <param name="Window">The window field, unscaled.</param>
public readonly record struct TcpFrame(
    (int Version, int Port) Source, (int Version, int Port) Destination, uint Sequence, int Length, uint Acknowledgement, bool Acknowledges, bool Resets, int Window)
{
    private const int EthernetHeader = 14;
    private const int Ipv6Header = 40;
    private const int TcpHeader = 20;
    private const byte TcpProtocol = 6;
    private const int Fin = 1, Syn = 2, Rst = 4, Ack = 16;

    /// <summary>False: the frame is no TCP segment, or is cut.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out TcpFrame result)
    {
        result = default;
        if (frame.Length < EthernetHeader + Ipv6Header)
        {
            return false;
        }

        var packet = frame[EthernetHeader..];
        var version = packet[0] >> 4;
        var (header, total, protocol) = version switch
        {
            4 => ((packet[0] & 15) * 4, BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), packet[9]),
            6 => (Ipv6Header, Ipv6Header + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), packet[6]),
            _ => (0, 0, (byte)0),
        };
        if (protocol != TcpProtocol || total > packet.Length || total < header + TcpHeader)
        {
            return false;
        }

        var segment = packet[header..total];
        var flags = segment[13];
        var data = segment.Length - ((segment[12] >> 4) * 4);
        if (data < 0)
        {
            return false;
        }

        result = new TcpFrame(
            (version, BinaryPrimitives.ReadUInt16BigEndian(segment)),
            (version, BinaryPrimitives.ReadUInt16BigEndian(segment[2..])),
            BinaryPrimitives.ReadUInt32BigEndian(segment[4..]),
            data + ((flags & Syn) != 0 ? 1 : 0) + ((flags & Fin) != 0 ? 1 : 0),
            BinaryPrimitives.ReadUInt32BigEndian(segment[8..]),
            (flags & Ack) != 0,
            (flags & Rst) != 0,
            BinaryPrimitives.ReadUInt16BigEndian(segment[14..]));
        return true;
    }
}
