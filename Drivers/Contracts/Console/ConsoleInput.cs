namespace Troupe.Drivers.Contracts;

/// <summary>Up to 16 bytes of console input, in the message itself: as many as the queue of a 16550 holds.</summary>
public readonly record struct ConsoleInput
{
    /// <summary>The most bytes in one message.</summary>
    public const int MaximumLength = 16;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly byte _length;

    /// <summary>Takes a copy of up to 16 bytes.</summary>
    public ConsoleInput(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaximumLength, nameof(bytes));
        _length = (byte)bytes.Length;
        for (var index = 0; index < bytes.Length; index++)
        {
            var bits = (ulong)bytes[index] << ((index & 7) * 8);
            _first |= index < 8 ? bits : 0;
            _second |= index < 8 ? 0 : bits;
        }
    }

    /// <summary>How many bytes there are.</summary>
    public int Length => _length;

    /// <summary>The byte at <paramref name="index"/>.</summary>
    public byte this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, _length, nameof(index));
            return (byte)((index < 8 ? _first : _second) >> ((index & 7) * 8));
        }
    }

    /// <summary>Copies the bytes to the front of <paramref name="target"/> and says how many.</summary>
    public int CopyTo(Span<byte> target)
    {
        for (var index = 0; index < _length; index++)
        {
            target[index] = this[index];
        }

        return _length;
    }
}
