using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="TcpConnectionMessage"/> is.</summary>
public enum TcpConnectionMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Segments of this connection.</summary>
    Segments,

    /// <summary>The application raised signals beside its streams.</summary>
    Signals,

    /// <summary>A deadline is due.</summary>
    Deadline,

    /// <summary>A segment did not arrive.</summary>
    Error,

    /// <summary>Its line of a listing is asked for.</summary>
    Status,
}

/// <summary>To one connection. Owned when it carries frames.</summary>
public readonly struct TcpConnectionMessage : IDisposable
{
    [SendableByContract("An error or a request: the factories below put nothing else in.")]
    private readonly object? _subject;

    private TcpConnectionMessage(TcpConnectionMessageKind kind, FrameBatch frames = default, object? subject = null)
    {
        Kind = kind;
        Frames = frames;
        _subject = subject;
    }

    /// <summary>What this is.</summary>
    public TcpConnectionMessageKind Kind { get; }

    /// <summary>Verified segments, each frame starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The error of <see cref="TcpConnectionMessageKind.Error"/>.</summary>
    public TransportError? Error => _subject as TransportError;

    /// <summary>The request of <see cref="TcpConnectionMessageKind.Status"/>.</summary>
    public TcpStatusRequest? StatusRequest => _subject as TcpStatusRequest;

    /// <summary>Segments of this connection.</summary>
    public static TcpConnectionMessage Segments(FrameBatch frames) => new(TcpConnectionMessageKind.Segments, frames);

    /// <summary>Signals wait.</summary>
    public static TcpConnectionMessage Signals() => new(TcpConnectionMessageKind.Signals);

    /// <summary>A deadline is due.</summary>
    public static TcpConnectionMessage Deadline() => new(TcpConnectionMessageKind.Deadline);

    /// <summary>A segment did not arrive.</summary>
    public static TcpConnectionMessage Failed(TransportError error) => new(TcpConnectionMessageKind.Error, subject: error);

    /// <summary>Asks for its line of a listing.</summary>
    public static TcpConnectionMessage List(TcpStatusRequest request) => new(TcpConnectionMessageKind.Status, subject: request);

    /// <summary>Disposes the frames.</summary>
    public void Dispose() => Frames.Dispose();
}
