using System.IO.Pipelines;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>The application's side of a connection: two byte streams with backpressure.</summary>
[SendableByContract("Between TCP and the application: each side has its ends of two pipes, and signals are interlocked.")]
public sealed class TcpConnection(TcpConnectionKey key, TcpByteStreams streams) : IDuplexPipe, IAsyncDisposable
{
    private readonly TaskCompletionSource<TcpCloseReason> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Which connection this is.</summary>
    public TcpConnectionKey Key { get; } = key;

    /// <summary>What the peer sent; completes at its FIN, fails at its reset.</summary>
    public PipeReader Input => streams.Input;

    /// <summary>What the peer shall get. Completing it sends the FIN; completing it with an exception resets the connection.</summary>
    public PipeWriter Output => streams.Output;

    /// <summary>Completes when the connection is no more, or waits in TIME-WAIT only.</summary>
    public Task<TcpCloseReason> Completion => _completion.Task;

    /// <summary>
    /// Is canceled then, too. Who is told by it and no longer cares when it happens costs nothing: a continuation of <see cref="Completion"/> is queued in any case.
    /// </summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Why <see cref="Input"/> ended, for who has read to its end: both sides closed, or what came in between.</summary>
    public TcpCloseReason EndReason => streams.EndReason;

    /// <summary>What may be changed while it lives: delays, keep-alive, timeout, buffer.</summary>
    public TcpConnectionSettings Settings => streams.Settings;

    /// <summary>What brings the application's awaits back to its turns, for who begins it elsewhere; null if it has none, or never blocks in them.</summary>
    public SynchronizationContext? ApplicationContext => streams.ApplicationContext;

    /// <summary>Octets that the send buffer has room for now.</summary>
    public int SendRoom => streams.SendRoom;

    /// <summary>Resets the connection.</summary>
    public void Abort() => streams.Abort();

    /// <summary>Closes both directions: what was written is still sent, what was not read is lost.</summary>
    public ValueTask DisposeAsync()
    {
        Output.Complete();
        Input.Complete();
        return default;
    }

    /// <summary>The protocol's side says that it is over.</summary>
    public void Complete(TcpCloseReason reason)
    {
        _completion.TrySetResult(reason);
        // Runs nothing here: what is registered is run by the thread pool, and most often nothing is any more.
        _ = _ended.CancelAsync();
    }
}
