using Troupe.Actors;
using Troupe.Drivers.Contracts;

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

    /// <summary>Who gets a port's datagrams, if nobody does yet.</summary>
    TryBind,

    /// <summary>Nobody gets a port's datagrams any more.</summary>
    Unbind,

    /// <summary>A datagram did not arrive.</summary>
    Error,
}

/// <summary>To the UDP layer. Owned when it carries frames.</summary>
public readonly struct UdpMessage : IDisposable
{
    private UdpMessage(
        UdpMessageKind kind, FrameBatch frames, UdpDatagram datagram, ushort port, UdpReceiver? receiver, TransportError? error, Reply<bool> bound = default,
        byte interfaceIndex = 0)
    {
        Kind = kind;
        Frames = frames;
        Datagram = datagram;
        Port = port;
        Receiver = receiver;
        Error = error;
        Bound = bound;
        Interface = interfaceIndex;
    }

    /// <summary>What this is.</summary>
    public UdpMessageKind Kind { get; }

    /// <summary>Frames of <see cref="UdpMessageKind.Received"/>, each starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The datagram of <see cref="UdpMessageKind.Send"/>.</summary>
    public UdpDatagram Datagram { get; }

    /// <summary>The index of the interface that <see cref="UdpMessageKind.Received"/> came in by, or that <see cref="UdpMessageKind.Bind"/> is for; 0 for any.</summary>
    public byte Interface { get; }

    /// <summary>The port to bind or unbind.</summary>
    public ushort Port { get; }

    /// <summary>Who binds.</summary>
    public UdpReceiver? Receiver { get; }

    /// <summary>Where the answer of <see cref="UdpMessageKind.TryBind"/> goes.</summary>
    public Reply<bool> Bound { get; }

    /// <summary>The error of <see cref="UdpMessageKind.Error"/>.</summary>
    public TransportError? Error { get; }

    /// <summary>Packets from the internet layer of an interface.</summary>
    public static UdpMessage Received(FrameBatch packets, byte interfaceIndex) =>
        new(UdpMessageKind.Received, packets, default, 0, null, null, interfaceIndex: interfaceIndex);

    /// <summary>Sends a datagram; a source address of 0.0.0.0 or :: stands for the one that suits the destination.</summary>
    public static UdpMessage Send(in UdpDatagram datagram) => new(UdpMessageKind.Send, default, datagram, 0, null, null);

    /// <summary>
    /// Gives a port's datagrams to a receiver, instead of any before; with an interface's index, those that come in there, unless somebody bound the port on all.
    /// </summary>
    public static UdpMessage Bind(ushort port, UdpReceiver receiver, byte interfaceIndex = 0) =>
        new(UdpMessageKind.Bind, default, default, port, receiver, null, interfaceIndex: interfaceIndex);

    /// <summary>Gives a port's datagrams to a receiver if nobody has it; answered with whether nobody had.</summary>
    public static UdpMessage TryBind(ushort port, UdpReceiver receiver, Reply<bool> bound) =>
        new(UdpMessageKind.TryBind, default, default, port, receiver, null, bound);

    /// <summary>Ends a binding.</summary>
    public static UdpMessage Unbind(ushort port) => new(UdpMessageKind.Unbind, default, default, port, null, null);

    /// <summary>A datagram did not arrive.</summary>
    public static UdpMessage Failed(TransportError error) => new(UdpMessageKind.Error, default, default, 0, null, error);

    /// <summary>Disposes the frames.</summary>
    public void Dispose()
    {
        Frames.Dispose();
        Datagram.Dispose();
    }
}

/// <summary>One datagram: an owned buffer with the payload alone, and where it comes from and goes to.</summary>
public readonly struct UdpDatagram(FrameBuffer payload, IpEndPoint source, IpEndPoint destination, IpSendOptions options) : IDisposable
{
    /// <summary>A datagram that is sent as most are: in fragments, should the path not take it whole.</summary>
    public UdpDatagram(FrameBuffer payload, IpEndPoint source, IpEndPoint destination)
        : this(payload, source, destination, new(MayFragment: true))
    {
    }

    /// <summary>The payload.</summary>
    public FrameBuffer Payload { get; } = payload;

    /// <summary>The sender.</summary>
    public IpEndPoint Source { get; } = source;

    /// <summary>The receiver.</summary>
    public IpEndPoint Destination { get; } = destination;

    /// <summary>What its sender asks of the internet layer.</summary>
    public IpSendOptions Options { get; } = options;

    /// <summary>The index of the interface that it came in by, or is to leave by; 0 for the one that the addresses say.</summary>
    public byte Interface => Options.Interface;

    /// <summary>Disposes the payload.</summary>
    public void Dispose() => Payload.Dispose();
}

/// <summary>Turns datagrams into messages of whatever actor receives them; does nothing but <c>TryTell</c>.</summary>
[SendableByContract("Does nothing but TryTell.")]
public abstract class UdpReceiver
{
    /// <summary>Hands the datagram on; false when the receiver is behind, and the caller still owns it.</summary>
    public abstract bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram);

    /// <summary>
    /// Whether somebody behind this receiver takes what goes between these ends; asked of a datagram that was not taken, whose sender is told if nobody does.
    /// </summary>
    public virtual bool IsFor(IpEndPoint source, IpEndPoint destination) => true;

    /// <summary>Tells of a datagram sent from this port that did not arrive; who does not want to know does nothing.</summary>
    public virtual void Fail(TransportError error)
    {
    }
}
