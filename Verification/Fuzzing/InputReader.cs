using System.Buffers.Binary;

namespace Troupe.Verification.Fuzzing;

/// <summary>Takes an input apart, for targets whose input is a list of things to do. What is not there any more is zero.</summary>
internal ref struct InputReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte()
    {
        if (_rest.IsEmpty)
            return 0;
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ushort UInt16()
    {
        Span<byte> bytes = stackalloc byte[2];
        Take(2).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint UInt32()
    {
        Span<byte> bytes = stackalloc byte[4];
        Take(4).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>As many as there are, up to a number.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        ReadOnlySpan<byte> taken = _rest[..Math.Min(count, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);
}
