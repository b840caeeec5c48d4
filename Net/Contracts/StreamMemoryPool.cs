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

    // 16 MiB: what 12 connections with full buffers in both directions hold.
    private const int KeptBlocks = 4096;

    private readonly ConcurrentQueue<Block> _free = new();
    private int _kept;

    private StreamMemoryPool()
    {
    }

    /// <summary>The one of this process.</summary>
    public static StreamMemoryPool Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockSize;

    /// <summary>A block, of the one size there is.</summary>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (_free.TryDequeue(out Block? block))
        {
            Interlocked.Decrement(ref _kept);
            return block;
        }

        return new Block(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _kept) <= KeptBlocks)
            _free.Enqueue(block);
        else
            Interlocked.Decrement(ref _kept);
    }

    private sealed class Block(StreamMemoryPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = new byte[BlockSize];

        public void Dispose() => pool.Return(this);
    }
}
