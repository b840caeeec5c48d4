using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="TcpMessage"/> is.</summary>
public enum TcpMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Packets from the internet layer.</summary>
    Received,

    /// <summary>A listener opens.</summary>
    Listen,

    /// <summary>A listener closes.</summary>
    StopListening,

    /// <summary>The application connects.</summary>
    Connect,

    /// <summary>A segment did not arrive.</summary>
    Error,

    /// <summary>A connection is no more.</summary>
    ConnectionEnded,

    /// <summary>A listing is asked for.</summary>
    List,

    /// <summary>From the layer to itself: time passed.</summary>
    Tick,
}

/// <summary>To the TCP layer, the demultiplexer of connections. Owned when it carries frames.</summary>
public readonly struct TcpMessage : IDisposable
{
    [SendableByContract("A request, a listener, an error or a connection's end: the factories below put nothing else in.")]
    private readonly object? _subject;

    private TcpMessage(TcpMessageKind kind, FrameBatch frames = default, object? subject = null)
    {
        Kind = kind;
        Frames = frames;
        _subject = subject;
    }

    /// <summary>What this is.</summary>
    public TcpMessageKind Kind { get; }

    /// <summary>Frames of <see cref="TcpMessageKind.Received"/>, each starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The error of <see cref="TcpMessageKind.Error"/>.</summary>
    public TransportError? Error => _subject as TransportError;

    /// <summary>The request of <see cref="TcpMessageKind.Listen"/>.</summary>
    public TcpListenRequest? ListenRequest => _subject as TcpListenRequest;

    /// <summary>The listener that closes.</summary>
    public TcpListener? Listener => _subject as TcpListener;

    /// <summary>The request of <see cref="TcpMessageKind.Connect"/>.</summary>
    public TcpConnectRequest? ConnectRequest => _subject as TcpConnectRequest;

    /// <summary>The connection that ended.</summary>
    public TcpConnectionEnd? End => _subject as TcpConnectionEnd;

    /// <summary>The request of <see cref="TcpMessageKind.List"/>.</summary>
    public TcpListRequest? ListRequest => _subject as TcpListRequest;

    /// <summary>Packets from the internet layer.</summary>
    public static TcpMessage Received(FrameBatch packets) => new(TcpMessageKind.Received, packets);

    /// <summary>Opens a listener.</summary>
    public static TcpMessage Listen(TcpListenRequest request) => new(TcpMessageKind.Listen, subject: request);

    /// <summary>Closes a listener.</summary>
    public static TcpMessage StopListening(TcpListener listener) => new(TcpMessageKind.StopListening, subject: listener);

    /// <summary>Connects.</summary>
    public static TcpMessage Connect(TcpConnectRequest request) => new(TcpMessageKind.Connect, subject: request);

    /// <summary>A segment did not arrive.</summary>
    public static TcpMessage Failed(TransportError error) => new(TcpMessageKind.Error, subject: error);

    /// <summary>A connection is no more.</summary>
    public static TcpMessage ConnectionEnded(TcpConnectionEnd end) => new(TcpMessageKind.ConnectionEnded, subject: end);

    /// <summary>Asks for the connections there are.</summary>
    public static TcpMessage List(TcpListRequest request) => new(TcpMessageKind.List, subject: request);

    /// <summary>Time passed.</summary>
    public static TcpMessage Tick() => new(TcpMessageKind.Tick);

    /// <summary>Disposes the frames.</summary>
    public void Dispose() => Frames.Dispose();
}
