// pal_networking.h: options; man 2 getsockopt.
using System.Buffers.Binary;

namespace Troupe.Net.Sockets;

public sealed partial class SocketCalls
{
    // The longest linger that Linux's clock counts.
    private const int LongestLinger = 86_400;

    /// <summary>Reads an option by the class library's level and name.</summary>
    public int GetOption(nint descriptor, int level, int name, Span<byte> value, out int length)
    {
        length = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        if (level == SocketOptions.SocketLevel && name == SocketOptions.Linger)
        {
            Span<byte> linger = stackalloc byte[8];
            BinaryPrimitives.WriteInt32LittleEndian(linger, socket.Options.Lingers ? 1 : 0);
            BinaryPrimitives.WriteInt32LittleEndian(linger[4..], socket.Options.LingerSeconds);
            return CopyOut(linger, value, out length);
        }

        SocketErrno status = GetNumber(socket, level, name, out int number);
        if (status != SocketErrno.None)
            return (int)status;
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return CopyOut(bytes, value, out length);
    }

    /// <summary>Sets an option by the class library's level and name.</summary>
    public int SetOption(nint descriptor, int level, int name, ReadOnlySpan<byte> value)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        if (level == SocketOptions.SocketLevel && name == SocketOptions.Linger)
        {
            if (value.Length < 8)
                return (int)SocketErrno.InvalidArgument;
            return SetLinger(descriptor, BinaryPrimitives.ReadInt32LittleEndian(value) != 0, BinaryPrimitives.ReadInt32LittleEndian(value[4..]));
        }

        if (value.Length < 4)
            return (int)SocketErrno.InvalidArgument;
        int number = BinaryPrimitives.ReadInt32LittleEndian(value);
        if (level == SocketOptions.SocketLevel && name == SocketOptions.ExclusiveAddressUse)
        {
            if (number is not (0 or 1))
                return (int)SocketErrno.InvalidArgument;
            (name, number) = (SocketOptions.ReuseAddress, 1 - number);
        }

        if (socket.Family == SocketFamily.Unix && level != SocketOptions.SocketLevel)
            return (int)SocketErrno.NotSupported;
        // man 7 ipv6: what a socket is bound as stays.
        if (level == SocketOptions.InternetV6Level && (socket.Family != SocketFamily.InternetV6 || (name == SocketOptions.Ipv6Only && socket.IsBound)))
            return (int)(socket.Family != SocketFamily.InternetV6 ? SocketErrno.NoProtocolOption : SocketErrno.InvalidArgument);
        if (level == SocketOptions.TcpLevel && socket.Kind != SocketKind.Stream)
            return (int)SocketErrno.NoProtocolOption;
        if ((level, name) == (SocketOptions.InternetLevel, SocketOptions.MulticastTimeToLive) && socket.Kind == SocketKind.Stream)
            return (int)SocketErrno.InvalidArgument;
        if (socket.Kind == SocketKind.Stream && level == SocketOptions.InternetV6Level
            && name is SocketOptions.MulticastInterface or SocketOptions.MulticastTimeToLive)
            return (int)SocketErrno.NoProtocolOption;
        if (name == SocketOptions.MulticastInterface && level is SocketOptions.InternetLevel or SocketOptions.InternetV6Level)
        {
            return level == SocketOptions.InternetLevel
                ? SetGroupInterface(descriptor, ipv6: false, value[..4], 0)
                : SetGroupInterface(descriptor, ipv6: true, [], number);
        }

        lock (socket.Gate)
        {
            SocketErrno refused = socket.Options.Set(level, name, number);
            if (refused == SocketErrno.None)
                socket.OnOptionChanged();
            return (int)refused;
        }
    }

    /// <summary>Reads SO_LINGER.</summary>
    public int GetLinger(nint descriptor, out bool on, out int seconds)
    {
        (on, seconds) = (false, 0);
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        (on, seconds) = (socket.Options.Lingers, socket.Options.LingerSeconds);
        return 0;
    }

    /// <summary>Sets SO_LINGER.</summary>
    public int SetLinger(nint descriptor, bool on, int seconds)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        lock (socket.Gate)
            (socket.Options.Lingers, socket.Options.LingerSeconds) = (on, Math.Clamp(seconds, 0, LongestLinger));
        return 0;
    }

    /// <summary>Limits how long a receive or an accept blocks; 0: not.</summary>
    public int SetReceiveTimeout(nint descriptor, int milliseconds)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        socket.ReceiveTimeout = milliseconds;
        return 0;
    }

    /// <summary>Limits how long a send or a connect blocks; 0: not.</summary>
    public int SetSendTimeout(nint descriptor, int milliseconds)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        socket.SendTimeout = milliseconds;
        return 0;
    }

    /// <summary>SO_ERROR: why the socket failed, told once.</summary>
    public int TakeError(nint descriptor, out int error)
    {
        error = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        error = (int)socket.TakeError();
        return 0;
    }

    /// <summary>What a socket was created as, and whether it listens.</summary>
    public int GetKind(nint descriptor, out int family, out int kind, out int protocol, out bool listening)
    {
        (family, kind, protocol, listening) = (0, 0, 0, false);
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.NotSocket;
        (family, kind, protocol, listening) = ((int)socket.Family, (int)socket.Kind, (int)socket.Protocol, socket.IsListening);
        return 0;
    }

    /// <summary>
    /// The class library's level and name of an option in Linux's numbers (asm-generic/socket.h, linux/tcp.h, linux/in.h); false for those that are not known.
    /// </summary>
    public static bool TryTranslate(ref int level, ref int name)
    {
        (int Level, int Name)? known = (level, name) switch
        {
            (1, 2) or (1, 15) => (SocketOptions.SocketLevel, SocketOptions.ReuseAddress),
            (1, 3) => (SocketOptions.SocketLevel, SocketOptions.TypeOption),
            (1, 4) => (SocketOptions.SocketLevel, SocketOptions.ErrorOption),
            (1, 6) => (SocketOptions.SocketLevel, SocketOptions.Broadcast),
            (1, 7) => (SocketOptions.SocketLevel, SocketOptions.SendBuffer),
            (1, 8) => (SocketOptions.SocketLevel, SocketOptions.ReceiveBuffer),
            (1, 9) => (SocketOptions.SocketLevel, SocketOptions.KeepAlive),
            (1, 13) => (SocketOptions.SocketLevel, SocketOptions.Linger),
            (1, 30) => (SocketOptions.SocketLevel, SocketOptions.AcceptConnection),
            (6, 1) => (SocketOptions.TcpLevel, SocketOptions.NoDelay),
            (6, 4) => (SocketOptions.TcpLevel, SocketOptions.KeepAliveTime),
            (6, 5) => (SocketOptions.TcpLevel, SocketOptions.KeepAliveInterval),
            (6, 6) => (SocketOptions.TcpLevel, SocketOptions.KeepAliveRetries),
            (0, 1) => (SocketOptions.InternetLevel, SocketOptions.TypeOfService),
            (0, 2) => (SocketOptions.InternetLevel, SocketOptions.TimeToLive),
            (41, 26) => (SocketOptions.InternetV6Level, SocketOptions.Ipv6Only),
            _ => null,
        };
        if (known is not { } pair)
            return false;
        (level, name) = pair;
        return true;
    }

    private static SocketErrno GetNumber(StackSocket socket, int level, int name, out int number)
    {
        SocketErrno status = SocketErrno.None;
        number = 0;
        switch (level, name)
        {
            case (SocketOptions.SocketLevel, SocketOptions.AcceptConnection):
                number = socket.IsListening ? 1 : 0;
                return status;
            case (SocketOptions.SocketLevel, SocketOptions.ErrorOption):
                number = (int)socket.TakeError();
                return status;
            case (SocketOptions.SocketLevel, SocketOptions.TypeOption):
                number = (int)socket.Kind;
                return status;
            case (SocketOptions.SocketLevel, SocketOptions.ExclusiveAddressUse):
                number = socket.Options.SharesPort ? 0 : 1;
                return status;
            case (SocketOptions.InternetLevel, SocketOptions.MulticastInterface) when socket is UdpSocket datagrams:
                number = BinaryPrimitives.ReverseEndianness((int)datagrams.GroupInterfaceAddress.Value);
                return status;
            case (SocketOptions.InternetV6Level, SocketOptions.MulticastInterface) when socket is UdpSocket datagrams:
                number = datagrams.GroupInterfaceV6;
                return status;
            // Linux's IPV6_HOPLIMIT is for messages only.
            case (SocketOptions.InternetV6Level, SocketOptions.HopLimit):
                return SocketErrno.NoProtocolOption;
            case (not SocketOptions.SocketLevel, _) when socket.Family == SocketFamily.Unix:
                return SocketErrno.NotSupported;
            case (SocketOptions.InternetV6Level, _) when socket.Family != SocketFamily.InternetV6:
            case (SocketOptions.TcpLevel, _) when socket.Kind != SocketKind.Stream:
                return SocketErrno.NoProtocolOption;
        }

        lock (socket.Gate)
        {
            if (socket.Options.Get(level, name) is not { } kept)
                return SocketErrno.NotSupported;
            number = kept;
            return status;
        }
    }

    private static int CopyOut(ReadOnlySpan<byte> bytes, Span<byte> value, out int length)
    {
        length = Math.Min(bytes.Length, value.Length);
        bytes[..length].CopyTo(value);
        return 0;
    }
}
