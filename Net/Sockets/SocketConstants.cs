// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: what the class library passes for families, types, flags and events.
namespace Troupe.Net.Sockets;

/// <summary>Address families.</summary>
internal enum SocketFamily
{
    Unspecified = 0,
    Unix = 1,
    Internet = 2,
    InternetV6 = 23,
}

/// <summary>Kinds of socket.</summary>
internal enum SocketKind
{
    Stream = 1,
    Datagram = 2,
}

/// <summary>Protocols, by IANA's numbers.</summary>
internal enum SocketProtocol
{
    Unspecified = 0,
    Tcp = 6,
    Udp = 17,
}

/// <summary>Flags of one send or receive. Others are refused.</summary>
[Flags]
internal enum MessageFlags
{
    None = 0,
    OutOfBand = 1,
    Peek = 2,
    DoNotRoute = 4,
    Truncated = 0x100,
    ControlTruncated = 0x200,
    DoNotWait = 0x1000,
}

/// <summary>What an event port reports, edge-triggered.</summary>
[Flags]
internal enum SocketEvents
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadClose = 4,
    Close = 8,
    Error = 16,
}

/// <summary>What poll asks for and answers (man 2 poll).</summary>
[Flags]
internal enum PollEvents
{
    None = 0,
    Input = 1,
    Priority = 2,
    Output = 4,
    Error = 8,
    HangUp = 0x10,
    Invalid = 0x20,
}

/// <summary>Which direction a shutdown ends.</summary>
internal enum ShutdownDirection
{
    Receive = 0,
    Send = 1,
    Both = 2,
}
