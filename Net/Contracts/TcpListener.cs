using System.Threading.Channels;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>Connections that arrived on a port. Half-open and not yet accepted ones together are bounded by the backlog.</summary>
[SendableByContract("Between TCP and the application: counters are interlocked, and what arrived waits in a channel.")]
public sealed class TcpListener(IpEndPoint local, int backlog, TcpApplicationOptions options, ActorRef<TcpMessage> tcp) : IAsyncDisposable
{
    private readonly Channel<TcpConnection> _accepted = Channel.CreateUnbounded<TcpConnection>(new() { SingleReader = false, SingleWriter = false });
    private int _pending;
    private int _closed;

    /// <summary>Where it listens.</summary>
    public IpEndPoint Local { get; } = local;

    /// <summary>Whether a listener on "::" leaves IPv4's connections to others.</summary>
    public bool IsIpv6Only { get; init; }

    /// <summary>How the application's side of its connections behaves.</summary>
    public TcpApplicationOptions Options { get; } = options;

    /// <summary>Connections that may be half-open or not yet accepted.</summary>
    public int Backlog => backlog;

    /// <summary>Whether as many connections wait for the application as may.</summary>
    public bool IsFull => _accepted.Reader.Count >= backlog;

    /// <summary>Connections half-open or not yet accepted.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Whether a connection waits to be accepted.</summary>
    public bool HasArrived => _accepted.Reader.TryPeek(out _);

    /// <summary>The next connection, if one waits.</summary>
    public bool TryAccept([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TcpConnection? connection)
    {
        if (!_accepted.Reader.TryRead(out connection))
            return false;
        Interlocked.Decrement(ref _pending);
        return true;
    }

    /// <summary>The next connection; null when the listener was closed.</summary>
    public async ValueTask<TcpConnection?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out TcpConnection? connection))
            {
                Interlocked.Decrement(ref _pending);
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes a place in the backlog for a SYN; false when there is none, or as many are half-open as may.</summary>
    public bool TryReserve(int halfOpen)
    {
        int pending = Volatile.Read(ref _pending);
        return pending < backlog && pending - _accepted.Reader.Count < halfOpen && TryReserveWaiting();
    }

    /// <summary>Takes a place for a connection whose handshake is over, which half-open ones do not count against; false when there is none.</summary>
    public bool TryReserveWaiting()
    {
        if (Volatile.Read(ref _closed) != 0 || IsFull)
            return false;
        // Only the TCP layer reserves, so what was looked at has not grown since.
        Interlocked.Increment(ref _pending);
        return true;
    }

    /// <summary>Gives a place back: the handshake failed.</summary>
    public void Release() => Interlocked.Decrement(ref _pending);

    /// <summary>Puts an established connection into the place reserved for it; false when the listener was closed meanwhile.</summary>
    public bool TryOffer(TcpConnection connection)
    {
        if (!_accepted.Writer.TryWrite(connection))
            return false;
        Options.Arrived?.Invoke();
        return true;
    }

    /// <summary>Closes the port and aborts what nobody accepted; accepted connections live on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        await tcp.TellAsync(TcpMessage.StopListening(this));
        AbortWaiting();
    }

    // A method of its own: within an asynchronous one Coyote lets nothing come between two accesses.
    private void AbortWaiting()
    {
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out TcpConnection? connection))
            connection.Abort();
    }
}
