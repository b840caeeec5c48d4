// RFC 2018 3: the blocks of the SACK option; RFC 2883 3: the first may report what arrived twice.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>Octets that arrived out of order: from the first to before the end.</summary>
/// <param name="Start">The left edge: the first octet.</param>
/// <param name="End">The right edge: the octet after the last.</param>
public readonly record struct SackBlock(SequenceNumber Start, SequenceNumber End)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 8;

    /// <summary>Octets it covers; negative for a block that no correct peer sends.</summary>
    public int Octets => End - Start;
}

/// <summary>Up to four blocks, as many as fit the options of one segment; no array, since every acknowledgement of a lossy transfer has some.</summary>
public record struct SackBlocks
{
    /// <summary>As many as 40 octets of options hold.</summary>
    public const int Capacity = 4;

    private SackBlock _first;
    private SackBlock _second;
    private SackBlock _third;
    private SackBlock _fourth;

    /// <summary>Blocks there are.</summary>
    public int Count { get; private set; }

    /// <summary>Octets of the option on the wire with its padding; none without blocks.</summary>
    public readonly int Length => Count == 0 ? 0 : 4 + Count * SackBlock.Length;

    /// <summary>One block; an index beyond the last gives an empty one.</summary>
    public readonly SackBlock this[int index] => index switch
    {
        0 => _first,
        1 => _second,
        2 => _third,
        3 => _fourth,
        _ => default,
    };

    /// <summary>Adds a block behind the others; false when all places are taken.</summary>
    public bool TryAdd(SackBlock block)
    {
        switch (Count)
        {
            case 0:
                _first = block;
                break;
            case 1:
                _second = block;
                break;
            case 2:
                _third = block;
                break;
            case 3:
                _fourth = block;
                break;
            default:
                return false;
        }

        Count++;
        return true;
    }

    /// <summary>Reads the blocks of an option, whose length is a multiple of eight.</summary>
    internal static SackBlocks Read(ReadOnlySpan<byte> bytes)
    {
        SackBlocks blocks = default;
        for (; bytes.Length >= SackBlock.Length; bytes = bytes[SackBlock.Length..])
            blocks.TryAdd(new(new(BinaryPrimitives.ReadUInt32BigEndian(bytes)), new(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]))));
        return blocks;
    }

    /// <summary>Writes the blocks without the option's kind and length.</summary>
    internal readonly void Write(Span<byte> bytes)
    {
        for (int index = 0; index < Count; index++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(index * SackBlock.Length)..], this[index].Start.Value);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(index * SackBlock.Length + 4)..], this[index].End.Value);
        }
    }
}
