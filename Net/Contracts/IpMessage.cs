using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What an <see cref="IpMessage"/> is.</summary>
public enum IpMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Who gets TCP segments.</summary>
    AttachTcp,

    /// <summary>Who gets UDP datagrams.</summary>
    AttachUdp,

    /// <summary>Packets from the link.</summary>
    Received,

    /// <summary>Transport segments to send.</summary>
    Send,

    /// <summary>The interface's configuration.</summary>
    Configure,

    /// <summary>Packets that came up and that nobody takes: their senders are told.</summary>
    Refuse,

    /// <summary>Listens to a group.</summary>
    Join,

    /// <summary>Listens to a group no longer.</summary>
    Leave,

    /// <summary>From the layer to itself: time passed.</summary>
    Tick,
}

/// <summary>To the internet layer. Owned when it carries frames.</summary>
public readonly struct IpMessage : IDisposable
{
    [SendableByContract("One of two kinds of ActorRef, or an InterfaceConfiguration: the factories below put nothing else in.")]
    private readonly object? _subject;

    private IpMessage(
        IpMessageKind kind, FrameBatch frames = default, IpAddress source = default, IpAddress destination = default, IpProtocol protocol = default,
        IpSendOptions options = default, object? subject = null)
    {
        Kind = kind;
        Frames = frames;
        Source = source;
        Destination = destination;
        Protocol = protocol;
        Options = options;
        _subject = subject;
    }

    /// <summary>What this is.</summary>
    public IpMessageKind Kind { get; }

    /// <summary>Frames at their IP header when received, at their transport header when to be sent.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The own address of <see cref="IpMessageKind.Send"/>.</summary>
    public IpAddress Source { get; }

    /// <summary>The receiver of <see cref="IpMessageKind.Send"/>.</summary>
    public IpAddress Destination { get; }

    /// <summary>What the frames of <see cref="IpMessageKind.Send"/> are.</summary>
    public IpProtocol Protocol { get; }

    /// <summary>What the sender of <see cref="IpMessageKind.Send"/> asks for.</summary>
    public IpSendOptions Options { get; }

    /// <summary>The new configuration; null when the address was lost.</summary>
    public InterfaceConfiguration? Configuration => _subject as InterfaceConfiguration;

    /// <summary>The layer of <see cref="IpMessageKind.AttachTcp"/>.</summary>
    public ActorRef<TcpMessage>? Tcp => _subject as ActorRef<TcpMessage>;

    /// <summary>The layer of <see cref="IpMessageKind.AttachUdp"/>.</summary>
    public ActorRef<UdpMessage>? Udp => _subject as ActorRef<UdpMessage>;

    /// <summary>Gives TCP segments to a layer from now on.</summary>
    public static IpMessage Attach(ActorRef<TcpMessage> tcp) => new(IpMessageKind.AttachTcp, subject: tcp);

    /// <summary>Gives UDP datagrams to a layer from now on.</summary>
    public static IpMessage Attach(ActorRef<UdpMessage> udp) => new(IpMessageKind.AttachUdp, subject: udp);

    /// <summary>Packets from the link.</summary>
    public static IpMessage Received(FrameBatch packets) => new(IpMessageKind.Received, packets);

    /// <summary>Segments of one sender to one receiver.</summary>
    public static IpMessage Send(FrameBatch segments, IpAddress source, IpAddress destination, IpProtocol protocol, IpSendOptions options = default) =>
        new(IpMessageKind.Send, segments, source, destination, protocol, options);

    /// <summary>A new configuration, or none.</summary>
    public static IpMessage Configure(InterfaceConfiguration? configuration) =>
        new(IpMessageKind.Configure, subject: configuration);

    /// <summary>Tells the senders of packets, as they were received, that nobody takes them (port unreachable).</summary>
    public static IpMessage Refuse(FrameBatch packets) => new(IpMessageKind.Refuse, packets);

    /// <summary>Listens to a group, once more if that was said before.</summary>
    public static IpMessage Join(IpAddress group) => new(IpMessageKind.Join, destination: group);

    /// <summary>Listens to a group no longer, once <see cref="Join"/> was taken back as often as said.</summary>
    public static IpMessage Leave(IpAddress group) => new(IpMessageKind.Leave, destination: group);

    /// <summary>Time passed.</summary>
    public static IpMessage Tick() => new(IpMessageKind.Tick);

    /// <summary>Disposes the frames.</summary>
    public void Dispose() => Frames.Dispose();
}
