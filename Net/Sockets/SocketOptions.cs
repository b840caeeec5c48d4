// man 7 socket, man 7 tcp, man 7 ip, man 7 ipv6; the numbers are System.Net.Sockets.SocketOptionLevel's and SocketOptionName's.
namespace Troupe.Net.Sockets;

/// <summary>
/// The options of one socket with Linux's defaults and limits. They are kept and answered; which of them the stack acts upon, docs/sockets.md says.
/// </summary>
internal sealed class SocketOptions
{
    /// <summary>SOL_SOCKET as the class library has it.</summary>
    public const int SocketLevel = 0xFFFF;
    public const int InternetLevel = 0;
    public const int InternetV6Level = 41;
    public const int TcpLevel = 6;

    public const int AcceptConnection = 2;
    public const int ReuseAddress = 4;
    public const int ExclusiveAddressUse = ~ReuseAddress;
    public const int KeepAlive = 8;
    public const int DoNotRoute = 0x10;
    public const int Broadcast = 0x20;
    public const int Linger = 0x80;
    public const int OutOfBandInline = 0x100;
    public const int SendBuffer = 0x1001;
    public const int ReceiveBuffer = 0x1002;
    public const int ReceiveLowWater = 0x1004;
    public const int SendTimeout = 0x1005;
    public const int ReceiveTimeout = 0x1006;
    public const int ErrorOption = 0x1007;
    public const int TypeOption = 0x1008;
    public const int NoDelay = 1;
    public const int KeepAliveTime = 3;
    public const int FastOpen = 15;
    public const int KeepAliveRetries = 16;
    public const int KeepAliveInterval = 17;
    public const int TypeOfService = 3;
    public const int TimeToLive = 4;
    public const int MulticastInterface = 9;
    public const int MulticastTimeToLive = 10;
    public const int MulticastLoopback = 11;
    public const int DoNotFragment = 14;
    public const int PacketInformation = 19;
    public const int HopLimit = 21;
    public const int Ipv6Only = 27;

    // Linux answers twice of what was asked for, and never less than this.
    private const int SmallestSendBuffer = 4608;
    private const int SmallestReceiveBuffer = 2304;

    // net.core.wmem_max and rmem_max.
    private const int LargestBuffer = 212_992;

    private readonly Dictionary<(int Level, int Name), int> _values = [];

    /// <summary>SO_REUSEPORT; the table of ports reads it without the socket's gate.</summary>
    public bool SharesPort { get; private set; }

    public bool MayBroadcast => Get(SocketLevel, Broadcast) != 0;

    public bool IsIpv6Only => Get(InternetV6Level, Ipv6Only) != 0;

    public bool WantsPacketInformationTwice => Get(InternetLevel, PacketInformation) != 0 && Get(InternetV6Level, PacketInformation) != 0;

    /// <summary>Whether receives say where a datagram was sent; each version has its option, and IPv6's is for both on a socket of that family.</summary>
    public bool WantsPacketInformation(bool ipv4) => (ipv4 && Get(InternetLevel, PacketInformation) != 0) || Get(InternetV6Level, PacketInformation) != 0;

    public bool Lingers { get; set; }

    public int LingerSeconds { get; set; }

    /// <summary>A kept value, or its default; null for an option that there is not.</summary>
    public int? Get(int level, int name) => _values.TryGetValue((level, name), out int value) ? value : Default(level, name);

    /// <summary>A value that somebody set; null where the default holds.</summary>
    public int? GetChosen(int level, int name) => _values.TryGetValue((level, name), out int value) ? value : null;

    /// <summary>Keeps a value as Linux would.</summary>
    public SocketErrno Set(int level, int name, int value)
    {
        if (Default(level, name) is null)
            return level is SocketLevel or InternetLevel or InternetV6Level or TcpLevel ? SocketErrno.NoProtocolOption : SocketErrno.NotSupported;
        int? kept = (level, name) switch
        {
            (SocketLevel, SendBuffer) => Math.Max(2 * Math.Clamp(value, 0, LargestBuffer), SmallestSendBuffer),
            (SocketLevel, ReceiveBuffer) => Math.Max(2 * Math.Clamp(value, 0, LargestBuffer), SmallestReceiveBuffer),
            (SocketLevel, ReceiveLowWater) => Math.Max(value, 1),
            (SocketLevel, _) or (TcpLevel, NoDelay) or (InternetV6Level, Ipv6Only) => value != 0 ? 1 : 0,
            (TcpLevel, KeepAliveTime or KeepAliveInterval) => value is >= 1 and <= 32_767 ? value : null,
            (TcpLevel, KeepAliveRetries) => value is >= 1 and <= 127 ? value : null,
            (InternetLevel, TimeToLive) => value == -1 ? 64 : value is >= 1 and <= 255 ? value : null,
            (InternetLevel, MulticastTimeToLive) => value == -1 ? 1 : value is >= 0 and <= 255 ? value : null,
            (InternetV6Level, TimeToLive) => value == -1 ? 64 : value is >= 0 and <= 255 ? value : null,
            (InternetV6Level, MulticastTimeToLive) => value == -1 ? 1 : value is >= 0 and <= 255 ? value : null,
            (InternetV6Level, MulticastLoopback) => value is 0 or 1 ? value : null,
            (InternetV6Level, PacketInformation) => value != 0 ? 1 : 0,
            (InternetLevel, TypeOfService) => value & 0xFF,
            (InternetLevel, MulticastLoopback or PacketInformation or DoNotFragment) => value != 0 ? 1 : 0,
            _ => value,
        };
        if (kept is not { } stored)
            return SocketErrno.InvalidArgument;
        _values[(level, name)] = stored;
        if ((level, name) == (SocketLevel, ReuseAddress))
            SharesPort = stored != 0;
        return SocketErrno.None;
    }

    /// <summary>What an accepted socket takes over from its listener.</summary>
    public void Inherit(SocketOptions listener)
    {
        foreach (((int, int) name, int value) in listener._values)
            _values[name] = value;
        SharesPort = listener.SharesPort;
        Lingers = listener.Lingers;
        LingerSeconds = listener.LingerSeconds;
    }

    private static int? Default(int level, int name) => (level, name) switch
    {
        (SocketLevel, ReuseAddress or KeepAlive or DoNotRoute or Broadcast or OutOfBandInline) => 0,
        (SocketLevel, SendBuffer or ReceiveBuffer) => LargestBuffer,
        (SocketLevel, ReceiveLowWater) => 1,
        (TcpLevel, NoDelay or FastOpen) => 0,
        (TcpLevel, KeepAliveTime) => 7200,
        (TcpLevel, KeepAliveInterval) => 75,
        (TcpLevel, KeepAliveRetries) => 9,
        (InternetLevel, TypeOfService or MulticastInterface or PacketInformation or DoNotFragment) => 0,
        (InternetLevel, TimeToLive) => 64,
        (InternetLevel, MulticastTimeToLive or MulticastLoopback) => 1,
        (InternetV6Level, Ipv6Only or PacketInformation or MulticastInterface) => 0,
        (InternetV6Level, TimeToLive) => 64,
        (InternetV6Level, MulticastTimeToLive or MulticastLoopback) => 1,
        _ => null,
    };
}
