// RFC 826; RFC 5227 2.4: a station that has an address, and says so to whoever announces it too.
using System.Buffers.Binary;
using System.Net.Sockets;
using Troupe.Tools.Networks;
using Troupe.Tools.Networks.Attacks;
using Troupe.Tools.Testing.Attacks;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>Somebody else on the link who has an address. Linux would not do: it keeps silent when its own address is announced by another.</summary>
internal sealed class AddressHolder : IDisposable
{
    private const int EthernetHeader = 14;
    private const int ArpLength = 28;
    private static readonly byte[] _hardware = [2, 0, 0, 0, 0, 0x77];

    private readonly Socket _socket = PacketEndPoint.Open(GuestOnTap.Tap);
    private readonly byte[] _address = new byte[4];
    private readonly Thread _thread;
    private volatile bool _ended;

    public AddressHolder(string address)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_address, AttackTarget.V4(address));
        _socket.ReceiveTimeout = 100;
        _thread = new Thread(Run) { IsBackground = true, Name = "address holder" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[2048];
        while (!_ended)
        {
            try
            {
                var length = _socket.Receive(buffer);
                if (length >= EthernetHeader + ArpLength && buffer[12] == 0x08 && buffer[13] == 0x06 && IsAboutIt(buffer.AsSpan(EthernetHeader, ArpLength)))
                {
                    _socket.Send(Answer(buffer.AsSpan(EthernetHeader, ArpLength)));
                }
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Nothing for a moment.
            }
        }
    }

    // Somebody else asks for it, or says that it is his.
    private bool IsAboutIt(ReadOnlySpan<byte> arp) =>
        !arp.Slice(8, 6).SequenceEqual(_hardware) && (arp.Slice(14, 4).SequenceEqual(_address) || (arp[7] == 1 && arp.Slice(24, 4).SequenceEqual(_address)));

    private byte[] Answer(ReadOnlySpan<byte> arp) =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, .. _hardware, 0x08, 0x06,
        0, 1, 8, 0, 6, 4, 0, 2, .. _hardware, .. _address, .. arp.Slice(8, 10),
        .. new byte[18],
    ];
}
