// RFC 9293 3.9.1.2 SEND: octets wait here until they are acknowledged.
using System.Buffers;
using System.IO.Pipelines;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// The application's octets by sequence number, read in place from its pipe. What is acknowledged is consumed, and
/// that is what lets a waiting writer go on.
/// </summary>
public sealed class SendQueue(PipeReader reader)
{
    private ReadOnlySequence<byte> _octets;
    private SequenceNumber _base;
    private SequenceNumber _acknowledged;
    private SequenceNumber _end;
    private SequencePosition _cursor;
    private SequenceNumber _cursorAt;
    private bool _cursorSet;
    private bool _held;

    /// <summary>The number after the last octet written.</summary>
    public SequenceNumber End => _held ? _end : _base;

    /// <summary>Octets not yet sent, as far as they were seen; between turns an estimate from the last.</summary>
    public int WaitingAfter(SequenceNumber next) => Math.Max(0, _end - next);

    /// <summary>Whether the application wrote its last octet.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>The first octet's number.</summary>
    public void Begin(SequenceNumber first)
    {
        _base = first;
        _acknowledged = first;
        _end = first;
    }

    /// <summary>Looks at what the application wrote; valid until <see cref="Release"/>.</summary>
    public void Acquire()
    {
        if (_held || !reader.TryRead(out ReadResult result))
            return;
        _held = true;
        _octets = result.Buffer;
        _end = _base + (int)_octets.Length;
        IsCompleted |= result.IsCompleted;
    }

    /// <summary>Copies octets from a sequence number on.</summary>
    public void CopyTo(SequenceNumber from, Span<byte> destination)
    {
        // What follows the last copy is found from where that ended, not by walking from the oldest octet.
        SequencePosition start = _cursorSet && from == _cursorAt ? _cursor : _octets.GetPosition(from - _base);
        ReadOnlySequence<byte> octets = _octets.Slice(start, destination.Length);
        octets.CopyTo(destination);
        _cursor = octets.End;
        _cursorAt = from + destination.Length;
        _cursorSet = true;
    }

    /// <summary>The octets before this number are done with.</summary>
    public void Acknowledge(SequenceNumber until) => _acknowledged = until;

    /// <summary>
    /// Gives acknowledged octets back to the pipe; the rest stays unexamined, so that it counts against the writer. Answers how many were given back.
    /// </summary>
    public long Release()
    {
        if (!_held && _acknowledged != _base)
            Acquire();
        if (!_held)
            return 0;
        int count = Math.Min(_acknowledged - _base, _end - _base);
        SequencePosition consumed = _octets.GetPosition(count);
        _base = _acknowledged;
        // A position stays good while what is before it is not all consumed.
        _cursorSet &= _cursorAt > _acknowledged;
        _held = false;
        _octets = default;
        reader.AdvanceTo(consumed);
        return count;
    }

    /// <summary>Nothing more will be read; the writer learns it by its next flush.</summary>
    public void Complete()
    {
        if (_held)
            reader.AdvanceTo(_octets.Start);
        _held = false;
        _octets = default;
        reader.Complete();
    }
}
