// man 7 unix: one direction of a connection between two sockets of this host.
namespace Troupe.Net.Sockets;

/// <summary>
/// Octets on their way from one socket to its peer, bounded. Each end calls under its own socket's gate; this gate is the innermost. Who changed something tells
/// the other end after it has let go of its own gate, so no thread ever holds those of both.
/// </summary>
internal sealed class UnixByteQueue
{
    // As Linux's net.core.wmem_default.
    private const int Capacity = 212_992;

    private readonly object _gate = new();
    private byte[] _ring = [];
    private int _start;
    private int _count;
    private bool _writerEnded;
    private bool _readerGone;
    private bool _writerRefused;

    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>Whether the writer has ended the stream; octets may still wait.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_gate)
                return _writerEnded;
        }
    }

    /// <summary>Whether nobody reads any more.</summary>
    public bool IsBroken
    {
        get
        {
            lock (_gate)
                return _readerGone;
        }
    }

    /// <summary>Whether a poll calls it writable: not when it is more than half full.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                bool room = _count <= Capacity / 2;
                _writerRefused |= !room;
                return room;
            }
        }
    }

    /// <summary>Takes as much as there is room for.</summary>
    public int Write(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            int taken = Math.Min(data.Length, Capacity - _count);
            _writerRefused |= taken < data.Length;
            if (taken == 0)
                return 0;
            Reserve(_count + taken);
            int end = (_start + _count) % _ring.Length;
            int first = Math.Min(taken, _ring.Length - end);
            data[..first].CopyTo(_ring.AsSpan(end));
            data[first..taken].CopyTo(_ring);
            _count += taken;
            return taken;
        }
    }

    /// <summary>Copies octets out, and takes them unless it only peeks; says whether a writer that was refused should look again.</summary>
    public int Read(Span<byte> destination, long skip, bool peek, out bool wakesWriter)
    {
        wakesWriter = false;
        lock (_gate)
        {
            int skipped = (int)Math.Min(skip, _count);
            int count = Math.Min(destination.Length, _count - skipped);
            if (count == 0)
                return 0;
            int from = (_start + skipped) % _ring.Length;
            int first = Math.Min(count, _ring.Length - from);
            _ring.AsSpan(from, first).CopyTo(destination);
            _ring.AsSpan(0, count - first).CopyTo(destination[first..]);
            if (peek)
                return count;
            _start = (_start + count) % _ring.Length;
            _count -= count;
            wakesWriter = _writerRefused && _count <= Capacity / 2;
            _writerRefused &= !wakesWriter;
            return count;
        }
    }

    /// <summary>The writer has said all.</summary>
    public void EndWriting()
    {
        lock (_gate)
            _writerEnded = true;
    }

    /// <summary>Nobody reads any more; answers whether octets were lost by that.</summary>
    public bool EndReading()
    {
        lock (_gate)
        {
            _readerGone = true;
            bool lost = _count > 0;
            (_ring, _start, _count) = ([], 0, 0);
            return lost;
        }
    }

    private void Reserve(int count)
    {
        if (count <= _ring.Length)
            return;
        byte[] larger = new byte[Math.Min(Capacity, Math.Max(4096, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count)))];
        int first = Math.Min(_count, _ring.Length - _start);
        _ring.AsSpan(_start, first).CopyTo(larger);
        _ring.AsSpan(0, _count - first).CopyTo(larger.AsSpan(first));
        (_ring, _start) = (larger, 0);
    }
}
