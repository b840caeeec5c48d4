using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// Up to a fixed number of operations on a block device that travel as one message, there and back. Owned, and it owns the buffers in it. The client fills it, submits it
/// (<see cref="BlockDeviceMessage.Submit"/>), gets it back with what became of each operation, and may use it again after <see cref="Clear"/>.
/// </summary>
/// <remarks>
/// <para>
/// <b>Order.</b> The operations of a batch, and batches among each other, are done in any order, also those on the same sectors: who needs one before another waits for the answer in
/// between. The one exception is the flush of <see cref="FlushAtEnd"/>, which begins when every operation of its batch is over.
/// </para>
/// <para>Not thread-safe: one owner at a time. While the device has it, only the device may use it.</para>
/// </remarks>
[Owned]
public sealed partial class BlockBatch : IDisposable
{
    private readonly Entry[] _entries;

    // What the contract's monitor knows the batch by: it has many eyes, and an owned value one.
    private readonly object _conversation = new();
    private bool _isWithDevice;
    private bool _isDisposed;

    /// <summary>An empty batch for up to <paramref name="capacity"/> operations.</summary>
    public BlockBatch(int capacity = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _entries = new Entry[capacity];
    }

    /// <summary>How many operations are in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no operation can be added.</summary>
    public bool IsFull => Count == _entries.Length;

    /// <summary>
    /// Whether a flush follows once all operations are over: it makes durable what they wrote, and every write that was completed before the batch was submitted, by the same
    /// incarnation of the device. If one of the operations failed there is no flush.
    /// </summary>
    public bool FlushAtEnd { get; private set; }

    /// <summary>What became of the flush; if there was none because an operation failed, what became of that.</summary>
    public BlockStatus FlushStatus { get; private set; }

    /// <summary>
    /// Which start of the device did it all; set by the answer. A flush covers completed writes of the same incarnation only: what was written before and not flushed must be
    /// written again, because nobody knows whether the device still has it.
    /// </summary>
    public int Incarnation { get; private set; }

    /// <summary>Whether every operation, and the flush if there is one, is done; otherwise the first status that says something else.</summary>
    public BlockStatus Status
    {
        get
        {
            var operations = OperationsStatus;
            return operations == BlockStatus.Done && FlushAtEnd ? FlushStatus : operations;
        }
    }

    /// <summary>The operation at <paramref name="index"/>, in the order in which they were added.</summary>
    public BlockOperation this[int index]
    {
        get
        {
            ref readonly var entry = ref At(index);
            return new BlockOperation(entry.Kind, entry.FirstSector, entry.SectorCount, entry.Status);
        }
    }

    /// <summary>Adds a read; the batch owns the buffer from then on. When it answers false the batch is full.</summary>
    public bool TryAddRead(long firstSector, int sectorCount, [MovesWhen(true)] BlockBuffer into) => TryAdd(BlockOperationKind.Read, firstSector, sectorCount, into);

    /// <summary>Adds a write; the batch owns the buffer from then on. When it answers false the batch is full.</summary>
    public bool TryAddWrite(long firstSector, int sectorCount, [MovesWhen(true)] BlockBuffer from) => TryAdd(BlockOperationKind.Write, firstSector, sectorCount, from);

    /// <summary>Adds a discard. When it answers false the batch is full.</summary>
    public bool TryAddDiscard(long firstSector, int sectorCount) => TryAdd(BlockOperationKind.Discard, firstSector, sectorCount, default);

    /// <summary>Has a flush follow: <see cref="FlushAtEnd"/>. A batch without operations is then a flush alone.</summary>
    public void AddFlush()
    {
        RequireClient();
        FlushAtEnd = true;
    }

    /// <summary>Looks at an operation's buffer, which the batch keeps owning; none for a discard or after <see cref="TakeBuffer"/>.</summary>
    [return: Borrowed]
    public BlockBuffer PeekBuffer(int index) => At(index).Buffer;

    /// <summary>Takes an operation's buffer out of a batch that came back; the caller owns it.</summary>
    public BlockBuffer TakeBuffer(int index)
    {
        RequireClient();
        ref var entry = ref At(index);
        var buffer = entry.Buffer;
        entry.Buffer = default;
        return buffer;
    }

    /// <summary>Empties the batch for another use; buffers still inside are disposed of.</summary>
    public void Clear()
    {
        RequireClient();
        DisposeBuffers();
        Count = 0;
        FlushAtEnd = false;
        FlushStatus = BlockStatus.Pending;
    }

    /// <summary>Disposes of the buffers still inside. Further calls do nothing.</summary>
    /// <exception cref="InvalidOperationException">The device has the batch, and may still write into its buffers.</exception>
    public void Dispose()
    {
        if (_isWithDevice)
        {
            RequireClient();
        }

        if (!_isDisposed)
        {
            _isDisposed = true;
            DisposeBuffers();
            Count = 0;
        }
    }

    private BlockStatus OperationsStatus
    {
        get
        {
            foreach (ref readonly var entry in _entries.AsSpan(0, Count))
            {
                if (entry.Status != BlockStatus.Done)
                {
                    return entry.Status;
                }
            }

            return BlockStatus.Done;
        }
    }

    private bool TryAdd(BlockOperationKind kind, long firstSector, int sectorCount, [MovesWhen(true)] BlockBuffer buffer)
    {
        RequireClient();
        ArgumentOutOfRangeException.ThrowIfNegative(firstSector);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sectorCount);
        if (IsFull)
        {
            return false;
        }

        if (kind != BlockOperationKind.Discard)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((long)sectorCount * BlockDeviceInformation.SectorSize, buffer.Length, nameof(sectorCount));
        }

        _entries[Count++] = new Entry { Kind = kind, FirstSector = firstSector, SectorCount = sectorCount, Buffer = buffer };
        return true;
    }

    private void DisposeBuffers()
    {
        foreach (ref var entry in _entries.AsSpan(0, Count))
        {
            entry.Buffer.Dispose();
            entry.Buffer = default;
        }
    }

    private ref Entry At(int index)
    {
        RequireAlive();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return ref _entries[index];
    }

    private void RequireClient()
    {
        RequireAlive();
        if (_isWithDevice)
        {
            throw new InvalidOperationException("The batch was submitted and is not answered: it is the device's.");
        }
    }

    private void RequireAlive()
    {
        if (_isDisposed)
        {
            throw new ObjectDisposedException(nameof(BlockBatch));
        }
    }

    private struct Entry
    {
        public BlockOperationKind Kind;
        public long FirstSector;
        public int SectorCount;
        public BlockStatus Status;
        public BlockBuffer Buffer;
    }
}
