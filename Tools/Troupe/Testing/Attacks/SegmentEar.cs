// RFC 9293 3.1, RFC 7323 3.2: what somebody on the link reads off a segment.
using System.Buffers.Binary;
using System.Net.Sockets;
using Troupe.Tools.Networks;
using Troupe.Tools.Networks.Attacks;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>Hears the segments with data that go to the guest.</summary>
internal sealed class SegmentEar : IDisposable
{
    private const int EthernetHeader = 14;
    private const int TimestampsOption = 8;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly Socket _socket = PacketEndPoint.Open(GuestOnTap.Tap);

    public SegmentEar()
    {
        _socket.ReceiveTimeout = 100;
        _socket.ReceiveBufferSize = 4 << 20;
    }

    /// <summary>Of each of so many ports of an address: the number of the first octet it sent, what it acknowledged, and its timestamp.</summary>
    public IReadOnlyDictionary<ushort, (uint Sequence, uint Acknowledgement, uint Timestamp)> Heard(string address, ushort firstPort, int ports)
    {
        var source = AttackTarget.V4(address);
        Dictionary<ushort, (uint, uint, uint)> heard = [];
        var buffer = new byte[2048];
        var end = DateTime.UtcNow + _patience;
        while (heard.Count < ports && DateTime.UtcNow < end)
        {
            int length;
            try
            {
                length = _socket.Receive(buffer);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                continue;
            }

            ReadOnlySpan<byte> packet = buffer.AsSpan(EthernetHeader, Math.Max(0, length - EthernetHeader));
            if (packet.Length < 40 || packet[0] != 0x45 || packet[9] != PacketChecksums.Tcp || BinaryPrimitives.ReadUInt32BigEndian(packet[12..]) != source)
            {
                continue;
            }

            var segment = packet[20..BinaryPrimitives.ReadUInt16BigEndian(packet[2..])];
            var header = (segment[12] >> 4) * 4;
            var port = BinaryPrimitives.ReadUInt16BigEndian(segment);
            if (segment.Length > header && port >= firstPort && port < firstPort + ports)
            {
                heard.TryAdd(port, (BinaryPrimitives.ReadUInt32BigEndian(segment[4..]), BinaryPrimitives.ReadUInt32BigEndian(segment[8..]), Timestamp(segment[20..header])));
            }
        }

        return heard;
    }

    public void Dispose() => _socket.Dispose();

    private static uint Timestamp(ReadOnlySpan<byte> options)
    {
        while (options.Length >= 10)
        {
            if (options[0] == TimestampsOption)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(options[2..]);
            }

            options = options[(options[0] == 1 ? 1 : Math.Max((byte)1, options[1]))..];
        }

        return 0;
    }
}
