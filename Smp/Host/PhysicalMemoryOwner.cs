using System.Buffers;

namespace Troupe.Smp.Host;

/// <summary>Shows identity-mapped memory as <see cref="Memory{T}"/>. It is not moved by anyone, so pinning is free.</summary>
internal sealed unsafe class PhysicalMemoryOwner : MemoryManager<byte>
{
    private readonly byte* _address;
    private readonly int _length;

    internal PhysicalMemoryOwner(byte* address, int length)
    {
        _address = address;
        _length = length;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(_address, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        return new MemoryHandle(_address + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // Nothing was pinned.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The arena frees the frames, after the device was reset.
    }
}
