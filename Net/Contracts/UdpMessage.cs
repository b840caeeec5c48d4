using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="UdpMessage"/> is.</summary>
public enum UdpMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Packets from the internet layer.</summary>
    Received,

    /// <summary>A datagram to send.</summary>
    Send,

    /// <summary>Who gets a port's datagrams.</summary>
    Bind,

    /// <summary>Nobody gets a port's datagrams any more.</summary>
    Unbind,

    /// <summary>The own address.</summary>
    SetAddress,
}

/// <summary>To the UDP layer. Owned when it carries frames.</summary>
public readonly struct UdpMessage : IDisposable
{
    private UdpMessage(UdpMessageKind kind, FrameBatch frames, UdpDatagram datagram, ushort port, UdpReceiver? receiver, Ipv4Address address)
    {
        Kind = kind;
        Frames = frames;
        Datagram = datagram;
        Port = port;
        Receiver = receiver;
        Address = address;
    }

    /// <summary>What this is.</summary>
    public UdpMessageKind Kind { get; }

    /// <summary>Frames of <see cref="UdpMessageKind.Received"/>, each starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The datagram of <see cref="UdpMessageKind.Send"/>.</summary>
    public UdpDatagram Datagram { get; }

    /// <summary>The port to bind or unbind.</summary>
    public ushort Port { get; }

    /// <summary>Who binds.</summary>
    public UdpReceiver? Receiver { get; }

    /// <summary>The own address.</summary>
    public Ipv4Address Address { get; }

    /// <summary>Packets from the internet layer.</summary>
    public static UdpMessage Received(FrameBatch packets) => new(UdpMessageKind.Received, packets, default, 0, null, default);

    /// <summary>Sends a datagram; a source address of 0.0.0.0 stands for the interface's.</summary>
    public static UdpMessage Send(in UdpDatagram datagram) => new(UdpMessageKind.Send, default, datagram, 0, null, default);

    /// <summary>Gives a port's datagrams to a receiver, instead of any before.</summary>
    public static UdpMessage Bind(ushort port, UdpReceiver receiver) => new(UdpMessageKind.Bind, default, default, port, receiver, default);

    /// <summary>Ends a binding.</summary>
    public static UdpMessage Unbind(ushort port) => new(UdpMessageKind.Unbind, default, default, port, null, default);

    /// <summary>The own address from now on.</summary>
    public static UdpMessage SetAddress(Ipv4Address address) => new(UdpMessageKind.SetAddress, default, default, 0, null, address);

    /// <summary>Disposes the frames.</summary>
    public void Dispose()
    {
        Frames.Dispose();
        Datagram.Dispose();
    }
}

/// <summary>One datagram: an owned buffer with the payload alone, and where it comes from and goes to.</summary>
public readonly struct UdpDatagram(FrameBuffer payload, Ipv4EndPoint source, Ipv4EndPoint destination) : IDisposable
{
    /// <summary>The payload.</summary>
    public FrameBuffer Payload { get; } = payload;

    /// <summary>The sender.</summary>
    public Ipv4EndPoint Source { get; } = source;

    /// <summary>The receiver.</summary>
    public Ipv4EndPoint Destination { get; } = destination;

    /// <summary>Disposes the payload.</summary>
    public void Dispose() => Payload.Dispose();
}

/// <summary>Turns datagrams into messages of whatever actor receives them; does nothing but <c>TryTell</c>.</summary>
[SendableByContract("Does nothing but TryTell.")]
public abstract class UdpReceiver
{
    /// <summary>Hands the datagram on; false when the receiver is behind, and the caller still owns it.</summary>
    public abstract bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram);
}
