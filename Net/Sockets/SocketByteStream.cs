using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>
/// Makes the two byte streams of a connection what a socket is: reads and writes that answer at once, and a notice when that would be different.
/// Every member wants its socket's gate held.
/// </summary>
/// <remarks>
/// A pipe may not be looked at while somebody waits for it. So a read that finds nothing leaves one wait behind, and until that has ended every read answers
/// "again" without touching the pipe; writes likewise when the send buffer is full. The waits end in the connection's turns: they take the gate and raise events.
/// </remarks>
internal sealed class SocketByteStream
{
    // A flush after each, so that the connection begins to send before all is copied.
    private const int LargestWrite = 64 * 1024;

    private readonly StackSocket _socket;
    private readonly TcpConnection _connection;
    private readonly Action<SocketErrno> _failed;
    private readonly Action _readable;
    private readonly Action _writable;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _read;
    private ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _flush;
    private bool _readWaits;
    private bool _flushWaits;
    private bool _outputCompleted;
    private bool _closed;

    /// <summary>The streams of a connection; a failure is told once.</summary>
    public SocketByteStream(StackSocket socket, TcpConnection connection, Action<SocketErrno> failed)
    {
        _socket = socket;
        _connection = connection;
        _failed = failed;
        _readable = OnReadable;
        _writable = OnWritable;
    }

    /// <summary>The peer has ended its stream, and everything before that was read.</summary>
    public bool IsInputEnded { get; private set; }

    /// <summary>This side has ended its stream.</summary>
    public bool IsOutputEnded { get; private set; }

    /// <summary>The connection ended by more than both sides' FIN.</summary>
    public bool IsFailed { get; private set; }

    /// <summary>Whether a send would take octets, or fail.</summary>
    public bool IsWritable => !_flushWaits;

    /// <summary>What the peer sent and nobody read; leaves a wait behind if that is nothing.</summary>
    public long Unread
    {
        get
        {
            if (!TryLook(out ReadOnlySequence<byte> buffer, out _))
                return 0;
            long length = buffer.Length;
            _connection.Input.AdvanceTo(buffer.Start);
            return length;
        }
    }

    /// <summary>Copies octets out; none and no error: the peer has ended its stream.</summary>
    public SocketErrno TryReceive(Span<byte> destination, long skip, bool peek, out int received)
    {
        received = 0;
        if (!TryLook(out ReadOnlySequence<byte> buffer, out SocketErrno status))
            return status;
        ReadOnlySequence<byte> rest = buffer.Slice(Math.Min(skip, buffer.Length));
        received = (int)Math.Min(rest.Length, destination.Length);
        rest.Slice(0, received).CopyTo(destination);
        _connection.Input.AdvanceTo(peek ? buffer.Start : buffer.GetPosition(received));
        return SocketErrno.None;
    }

    /// <summary>Takes as many octets as the send buffer has room for, and one at least: the flush behind it is what waits for room.</summary>
    public SocketErrno TrySend(ReadOnlySpan<byte> data, out int sent)
    {
        sent = 0;
        if (IsOutputEnded || IsFailed)
            return SocketErrno.BrokenPipe;
        if (_flushWaits)
            return SocketErrno.Again;
        while (sent < data.Length)
        {
            ReadOnlySpan<byte> part = data.Slice(sent, Math.Min(data.Length - sent, Math.Clamp(_connection.SendRoom, 1, LargestWrite)));
            _connection.Output.Write(part);
            ValueTask<FlushResult> flush = _connection.Output.FlushAsync();
            sent += part.Length;
            if (!flush.IsCompleted)
            {
                _flushWaits = true;
                _flush = flush.ConfigureAwait(false).GetAwaiter();
                _flush.UnsafeOnCompleted(_writable);
                break;
            }

            if (!flush.Result.IsCompleted)
                continue;
            // Nobody takes octets any more: the connection is gone, and its reason is known or about to be.
            IsOutputEnded = true;
            return _connection.Completion is { IsCompletedSuccessfully: true, Result: TcpCloseReason.ResetByPeer } && !IsFailed
                ? SocketErrno.ConnectionReset
                : SocketErrno.BrokenPipe;
        }

        return SocketErrno.None;
    }

    /// <summary>Ends this side's stream.</summary>
    public void EndOutput()
    {
        if (IsOutputEnded)
            return;
        IsOutputEnded = true;
        CompleteOutput();
    }

    /// <summary>Lets go of the connection; what was sent still arrives, unless it is aborted.</summary>
    public void Close(bool abort)
    {
        if (_closed)
            return;
        // RFC 2525 2.17: a peer whose octets were not read is told by a reset.
        abort |= !IsInputEnded && !IsFailed && Unread > 0;
        _closed = true;
        // The output of an aborted connection ends when that is no more: a turn that has not seen the abort would send its end as a FIN.
        if (abort)
            _connection.Abort();
        else
            CompleteOutput();
        IsOutputEnded = true;
        _connection.Input.Complete();
    }

    /// <summary>The connection is no more.</summary>
    public void ConnectionEnded()
    {
        if (_closed)
            CompleteOutput();
    }

    /// <summary>The connection ended by a reset, an abort or a timeout.</summary>
    public void Fail(SocketErrno error)
    {
        if (IsFailed)
            return;
        IsFailed = true;
        _failed(error);
    }

    /// <summary>What a connection's end is to a socket call.</summary>
    public static SocketErrno ErrorOf(TcpCloseReason reason) => reason switch
    {
        TcpCloseReason.ResetByPeer => SocketErrno.ConnectionReset,
        TcpCloseReason.Refused => SocketErrno.ConnectionRefused,
        TcpCloseReason.TimedOut => SocketErrno.TimedOut,
        TcpCloseReason.Aborted => SocketErrno.ConnectionAborted,
        TcpCloseReason.HostUnreachable => SocketErrno.HostUnreachable,
        TcpCloseReason.NetworkUnreachable => SocketErrno.NetworkUnreachable,
        TcpCloseReason.AddressInUse => SocketErrno.AddressNotAvailable,
        TcpCloseReason.TableFull => SocketErrno.NoBuffers,
        _ => SocketErrno.None,
    };

    private void CompleteOutput()
    {
        if (_outputCompleted)
            return;
        _outputCompleted = true;
        _connection.Output.Complete();
    }

    // False: nothing is there to read, for the reason that the status says; "none" for the end of the stream.
    private bool TryLook(out ReadOnlySequence<byte> buffer, out SocketErrno status)
    {
        buffer = default;
        status = _readWaits && !IsFailed && !IsInputEnded ? SocketErrno.Again : SocketErrno.None;
        if (_readWaits || IsInputEnded || _closed)
            return false;
        while (true)
        {
            if (_connection.Input.TryRead(out ReadResult result))
            {
                if (!result.Buffer.IsEmpty)
                {
                    buffer = result.Buffer;
                    return true;
                }

                _connection.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    EndInput();
                    return false;
                }
            }

            if (WaitForInput())
            {
                status = SocketErrno.Again;
                return false;
            }
        }
    }

    // As on Linux, what arrived before a reset is given out before that is told.
    private void EndInput()
    {
        IsInputEnded = true;
        if (_connection.EndReason is var reason and not TcpCloseReason.Closed)
            Fail(ErrorOf(reason));
    }

    private bool WaitForInput()
    {
        ValueTask<ReadResult> read = _connection.Input.ReadAsync();
        if (read.IsCompleted)
        {
            _connection.Input.AdvanceTo(read.Result.Buffer.Start);
            return false;
        }

        _readWaits = true;
        _read = read.ConfigureAwait(false).GetAwaiter();
        _read.UnsafeOnCompleted(_readable);
        return true;
    }

    private void OnReadable()
    {
        lock (_socket.Gate)
        {
            _readWaits = false;
            if (_closed)
                return;
            ReadResult result = _read.GetResult();
            _connection.Input.AdvanceTo(result.Buffer.Start);
            SocketEvents events = SocketEvents.Read;
            if (result.IsCompleted)
                events |= IsOutputEnded ? SocketEvents.ReadClose | SocketEvents.Close : SocketEvents.ReadClose;
            _socket.Raise(events);
        }
    }

    private void OnWritable()
    {
        lock (_socket.Gate)
        {
            _flushWaits = false;
            if (_closed)
                return;
            IsOutputEnded |= _flush.GetResult().IsCompleted;
            _socket.Raise(SocketEvents.Write);
        }
    }
}
