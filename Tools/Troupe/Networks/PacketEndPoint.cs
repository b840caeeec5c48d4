// packet(7): struct sockaddr_ll.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Troupe.Tools.Networks;

/// <summary>A network interface of this host as a packet socket sees it: whole frames, as they are on the wire.</summary>
public sealed class PacketEndPoint(int interfaceIndex) : EndPoint
{
    /// <summary>ETH_P_ALL of linux/if_ether.h, in network order: every protocol.</summary>
    public const ProtocolType EveryProtocol = (ProtocolType)0x0300;

    private const int AddressLength = 20;
    private const int ProtocolOffset = 2;
    private const int InterfaceOffset = 4;

    /// <inheritdoc />
    public override AddressFamily AddressFamily => AddressFamily.Packet;

    /// <summary>Opens a socket on an interface. Needs root (CAP_NET_RAW).</summary>
    public static Socket Open(string interfaceName)
    {
        var index = int.Parse(File.ReadAllText($"/sys/class/net/{interfaceName}/ifindex"), System.Globalization.CultureInfo.InvariantCulture);
        var socket = new Socket(AddressFamily.Packet, SocketType.Raw, EveryProtocol);
        socket.Bind(new PacketEndPoint(index));
        return socket;
    }

    /// <inheritdoc />
    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Packet, AddressLength);
        Span<byte> bytes = stackalloc byte[AddressLength];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[ProtocolOffset..], (ushort)EveryProtocol);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[InterfaceOffset..], interfaceIndex);
        for (var index = ProtocolOffset; index < AddressLength; index++)
        {
            address[index] = bytes[index];
        }

        return address;
    }
}
