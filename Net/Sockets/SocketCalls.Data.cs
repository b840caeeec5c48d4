// pal_networking.h: sends and receives.
using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Troupe.Net.Sockets;

public sealed partial class SocketCalls
{
    /// <summary>
    /// Octets of what a receive writes into its control buffer if the socket asked for packet information: the destination's address in IPv6 form, and the
    /// interface's index.
    /// </summary>
    public const int ControlLength = 20;

    private const int FileBlock = 64 * 1024;

    /// <summary>Sends octets, or one datagram to the peer of <see cref="Connect"/>.</summary>
    public int Send(nint descriptor, ReadOnlySpan<byte> data, int flags, out int sent)
    {
        sent = 0;
        return (int)(TryFind(descriptor, out StackSocket? socket) ? socket.Send(data, null, (MessageFlags)flags, out sent) : SocketErrno.BadDescriptor);
    }

    /// <summary>Sends octets out of several buffers, or one datagram of them all; to an address, if one is given.</summary>
    public int SendMessage(nint descriptor, ReadOnlySpan<ReadOnlyMemory<byte>> parts, ReadOnlySpan<byte> address, int flags, out long sent)
    {
        sent = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        SocketEndPoint? destination = null;
        if (!address.IsEmpty && socket.Kind == SocketKind.Datagram)
        {
            SocketErrno refused = SocketEndPoint.TryRead(address, socket.Family, out SocketEndPoint given);
            if (refused != SocketErrno.None)
                return (int)refused;
            destination = given;
        }

        return (int)socket.Send(parts, destination, (MessageFlags)flags, out sent);
    }

    /// <summary>Receives octets, or one datagram.</summary>
    public int Receive(nint descriptor, Span<byte> buffer, int flags, out int received)
    {
        received = 0;
        return (int)(TryFind(descriptor, out StackSocket? socket) ? socket.Receive(buffer, (MessageFlags)flags, out received) : SocketErrno.BadDescriptor);
    }

    /// <summary>Receives into several buffers, with the sender's address, flags and packet information.</summary>
    public int ReceiveMessage(
        nint descriptor, ReadOnlySpan<Memory<byte>> parts, Span<byte> address, out int addressLength, Span<byte> control, out int controlLength,
        int flags, out int receivedFlags, out long received)
    {
        addressLength = controlLength = receivedFlags = 0;
        received = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        SocketErrno status = socket.Receive(parts, (MessageFlags)flags, out ReceivedMessage message);
        if (status != SocketErrno.None)
            return (int)status;
        received = message.Octets;
        receivedFlags = (int)message.Flags;
        if (message.Source is { } source)
            addressLength = source.Write(address, socket.Family);
        if (message.Destination is { } destination && socket.Options.WantsPacketInformation(destination.IsIpv4) && control.Length >= ControlLength)
        {
            BinaryPrimitives.WriteUInt128BigEndian(control, destination.Address);
            BinaryPrimitives.WriteInt32LittleEndian(control[16..], message.Interface);
            controlLength = ControlLength;
            // man 7 ip, man 7 ipv6: what both versions' options ask for of one datagram, the class library has no room for.
            if (destination.IsIpv4 && socket.Options.WantsPacketInformationTwice)
                receivedFlags |= (int)MessageFlags.ControlTruncated;
        }

        return 0;
    }

    /// <summary>Sends a part of a file.</summary>
    public int SendFile(nint descriptor, SafeFileHandle file, long offset, long count, out long sent)
    {
        sent = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        byte[] block = ArrayPool<byte>.Shared.Rent(FileBlock);
        try
        {
            while (sent < count)
            {
                int read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(count - sent, FileBlock)), offset + sent);
                if (read == 0)
                    break;
                SocketErrno status = socket.Send(block.AsSpan(0, read), null, MessageFlags.None, out int taken);
                sent += taken;
                if (status != SocketErrno.None)
                    return sent > 0 ? 0 : (int)status;
                if (taken < read)
                    break;
            }

            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return sent > 0 ? 0 : (int)SocketErrno.InputOutput;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Octets that a receive would get at once.</summary>
    public int GetAvailable(nint descriptor, out int available)
    {
        available = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        available = socket.Available();
        return 0;
    }
}
