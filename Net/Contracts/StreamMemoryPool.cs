using System.Buffers;
using System.Collections.Concurrent;

namespace Troupe.Net.Contracts;

/// <summary>
/// Blocks for byte streams, rented by one thread and given back by another all the time; the shared array pool keeps its
/// arrays by thread and would allocate anew. Blocks above the number kept are left to the garbage collector.
/// </summary>
public sealed class StreamMemoryPool : MemoryPool<byte>
{
    /// <summary>Octets of a block: the size of a pipe's segments unless told otherwise.</summary>
    public const int BlockSize = 4096;

    /// <summary>Octets of a large block: for streams that hold much, so that a pipe of 4 MiB has no more segments than the 256 that it keeps for use again.</summary>
    public const int LargeBlockSize = 32 * 1024;

    // 8 MiB of each: what a dozen connections with full buffers in both directions hold.
    private const int KeptOctets = 8 * 1024 * 1024;

    private readonly Shelf _blocks = new(BlockSize);
    private readonly Shelf _largeBlocks = new(LargeBlockSize);

    private StreamMemoryPool()
    {
    }

    /// <summary>The one of this process.</summary>
    public static StreamMemoryPool Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => LargeBlockSize;

    /// <summary>A block; a large one if <paramref name="minBufferSize"/> octets do not fit in the other.</summary>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, LargeBlockSize);
        return (minBufferSize > BlockSize ? _largeBlocks : _blocks).Rent();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    // The free blocks of one size.
    private sealed class Shelf(int size)
    {
        private readonly ConcurrentQueue<Block> _free = new();
        private int _kept;

        public Block Rent()
        {
            if (!_free.TryDequeue(out Block? block))
                return new Block(this, size);
            Interlocked.Decrement(ref _kept);
            return block;
        }

        public void Return(Block block)
        {
            if (Interlocked.Increment(ref _kept) <= KeptOctets / size)
                _free.Enqueue(block);
            else
                Interlocked.Decrement(ref _kept);
        }
    }

    private sealed class Block(Shelf shelf, int size) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = new byte[size];

        public void Dispose() => shelf.Return(this);
    }
}
