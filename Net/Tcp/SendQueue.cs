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
    private bool _held;

    /// <summary>The number after the last octet written.</summary>
    public SequenceNumber End => _base + (int)_octets.Length;

    /// <summary>Whether the application wrote its last octet.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>The first octet's number.</summary>
    public void Begin(SequenceNumber first)
    {
        _base = first;
        _acknowledged = first;
    }

    /// <summary>Looks at what the application wrote; valid until <see cref="Release"/>.</summary>
    public void Acquire()
    {
        if (_held || !reader.TryRead(out ReadResult result))
            return;
        _held = true;
        _octets = result.Buffer;
        IsCompleted |= result.IsCompleted;
    }

    /// <summary>Copies octets from a sequence number on.</summary>
    public void CopyTo(SequenceNumber from, Span<byte> destination) => _octets.Slice(from - _base, destination.Length).CopyTo(destination);

    /// <summary>The octets before this number are done with.</summary>
    public void Acknowledge(SequenceNumber until) => _acknowledged = until;

    /// <summary>Gives acknowledged octets back to the pipe; the rest stays unexamined, so that it counts against the writer.</summary>
    public void Release()
    {
        if (!_held && _acknowledged != _base)
            Acquire();
        if (!_held)
            return;
        SequencePosition consumed = _octets.GetPosition(Math.Min(_acknowledged - _base, _octets.Length));
        _base = _acknowledged;
        _held = false;
        _octets = default;
        reader.AdvanceTo(consumed);
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
