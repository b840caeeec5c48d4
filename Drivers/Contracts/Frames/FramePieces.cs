using System.Diagnostics.CodeAnalysis;

namespace Troupe.Drivers.Contracts;

/// <summary>One buffer of a frame, looked at; the frame keeps owning it.</summary>
public readonly ref struct FramePiece
{
    private readonly FrameSlot _slot;

    internal FramePiece(FrameSlot slot) => _slot = slot;

    /// <summary>The pool it comes from.</summary>
    public FramePool Pool => _slot.Pool;

    /// <summary>Where <see cref="Data"/> starts in the memory of <see cref="Pool"/>.</summary>
    public int PoolOffset => (_slot.Index * _slot.Bytes.Length) + _slot.Start;

    /// <summary>Length of its data.</summary>
    public int Length => _slot.Length;

    /// <summary>Its data.</summary>
    public Span<byte> Data => _slot.Bytes.Span.Slice(_slot.Start, _slot.Length);
}

/// <summary>The buffers of a frame, in order: for <c>foreach</c>. The frame must not change meanwhile.</summary>
public ref struct FramePieces
{
    private FrameSlot? _current;
    private FrameSlot? _next;

    internal FramePieces(FrameSlot first) => _next = first;

    /// <summary>The buffer at hand.</summary>
    public readonly FramePiece Current => new(_current!);

    /// <summary>This.</summary>
    [SuppressMessage("Design", "CA1024", Justification = "foreach asks for a method.")]
    public readonly FramePieces GetEnumerator() => this;

    /// <summary>Goes on to the next.</summary>
    public bool MoveNext()
    {
        _current = _next;
        _next = _current?.Rest.SlotOrNone;
        return _current is not null;
    }
}
