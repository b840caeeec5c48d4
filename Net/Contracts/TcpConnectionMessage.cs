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
}

/// <summary>To one connection. Owned when it carries frames.</summary>
public readonly struct TcpConnectionMessage : IDisposable
{
    private TcpConnectionMessage(TcpConnectionMessageKind kind, FrameBatch frames)
    {
        Kind = kind;
        Frames = frames;
    }

    /// <summary>What this is.</summary>
    public TcpConnectionMessageKind Kind { get; }

    /// <summary>Verified segments, each frame starting at its IP header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>Segments of this connection.</summary>
    public static TcpConnectionMessage Segments(FrameBatch frames) => new(TcpConnectionMessageKind.Segments, frames);

    /// <summary>Signals wait.</summary>
    public static TcpConnectionMessage Signals() => new(TcpConnectionMessageKind.Signals, default);

    /// <summary>A deadline is due.</summary>
    public static TcpConnectionMessage Deadline() => new(TcpConnectionMessageKind.Deadline, default);

    /// <summary>Disposes the frames.</summary>
    public void Dispose() => Frames.Dispose();
}
