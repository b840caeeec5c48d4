using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Storage.Tests;

/// <summary>How a <see cref="PlatterDriver"/> behaves.</summary>
internal sealed record PlatterOptions
{
    /// <summary>The longest that an operation takes, in milliseconds.</summary>
    public int LongestMilliseconds { get; init; } = 5;

    /// <summary>One of so many batches is answered as if the device had been reset in the midst of it; 0: none.</summary>
    public int ResetsOneIn { get; init; }

    /// <summary>Bytes of a transfer.</summary>
    public int MaximumTransfer { get; init; } = 16 * 1024;

    /// <summary>What the next operation that writes ends with.</summary>
    public BlockStatus? NextWriteFails { get; set; }

    /// <summary>Nothing is done until this is taken back.</summary>
    public bool IsHeld { get; set; }

    public bool IsReadOnly { get; init; }
}

/// <summary>A driver whose device is a <see cref="Platter"/>: operations are done one after another in an order of chance, and flushes when their batch is over.</summary>
internal sealed class PlatterDriver(Platter platter, PlatterOptions options, Random random) : Actor<BlockDeviceMessage>
{
    private readonly BlockBufferPool _buffers = BlockBufferPool.Create(16, options.MaximumTransfer);
    private readonly List<Work> _work = [];

    /// <summary>Batches that came in.</summary>
    public int Submissions { get; private set; }

    private BlockDeviceInformation Information => new()
    {
        Name = "platter",
        SectorCount = platter.SectorCount,
        BlockSize = 512,
        PhysicalBlockSize = 4096,
        MaximumTransfer = options.MaximumTransfer,
        MaximumDiscardSectors = 0,
        IsReadOnly = options.IsReadOnly,
        HasVolatileCache = true,
        Incarnation = 1,
        Buffers = _buffers,
    };

    protected override ValueTask ReceiveAsync(BlockDeviceMessage message)
    {
        switch (message.Kind)
        {
            case BlockDeviceMessageKind.GetInformation:
                message.InformationReply.Set(Information);
                break;
            case BlockDeviceMessageKind.Submit:
                Submissions++;
                Take(message.Batch!, message.BatchReply);
                break;
            case BlockDeviceMessageKind.Deadline:
                Do();
                break;
        }

        return default;
    }

    /// <summary>The power goes: what was under way is torn.</summary>
    protected override void Stopped()
    {
        foreach (var work in _work)
        {
            for (var index = 0; index < work.Batch.Count; index++)
            {
                if (work.Batch[index] is { Kind: BlockOperationKind.Write, Status: BlockStatus.Pending } write)
                {
                    platter.Tear(write.FirstSector, Bytes(work.Batch, index));
                }
            }

            Answer(work, BlockStatus.DeviceReset);
        }
    }

    private void Take(BlockBatch batch, Reply<BlockBatch> reply)
    {
        batch.Begin();
        var work = new Work(batch, reply);
        for (var index = 0; index < batch.Count; index++)
        {
            var operation = batch[index];
            if (Information.Check(in operation, batch.PeekBuffer(index)) is var refusal && refusal != BlockStatus.Pending)
            {
                batch.EndOperation(index, refusal);
            }
        }

        _work.Add(work);
        Later();
    }

    private void Later() => Context.Schedule(BlockDeviceMessage.Deadline(), TimeSpan.FromMilliseconds(1 + random.Next(options.LongestMilliseconds)));

    /// <summary>One operation of one batch, or its flush.</summary>
    private void Do()
    {
        if (_work.Count == 0)
        {
            return;
        }

        if (options.IsHeld)
        {
            Later();
            return;
        }

        var work = _work[random.Next(_work.Count)];
        var pending = Enumerable.Range(0, work.Batch.Count).Where(index => work.Batch[index].Status == BlockStatus.Pending).ToArray();
        if (options.ResetsOneIn > 0 && random.Next(options.ResetsOneIn) == 0)
        {
            _work.Remove(work);
            foreach (var index in pending.Where(index => work.Batch[index].Kind == BlockOperationKind.Write))
            {
                platter.Tear(work.Batch[index].FirstSector, Bytes(work.Batch, index));
            }

            Answer(work, BlockStatus.DeviceReset);
        }
        else if (pending.Length > 0)
        {
            var index = pending[random.Next(pending.Length)];
            work.Batch.EndOperation(index, Perform(work.Batch, index));
        }
        else
        {
            _work.Remove(work);
            if (work.Batch.TryBeginFlush())
            {
                platter.Flush();
                work.Batch.EndFlush(BlockStatus.Done);
            }

            Answer(work, BlockStatus.Pending);
        }

        if (_work.Count > 0)
        {
            Later();
        }
    }

    private BlockStatus Perform(BlockBatch batch, int index)
    {
        var operation = batch[index];
        if (operation.Kind == BlockOperationKind.Read)
        {
            platter.Read(operation.FirstSector, Bytes(batch, index));
            return BlockStatus.Done;
        }

        if (options.NextWriteFails is { } failure)
        {
            options.NextWriteFails = null;
            platter.Tear(operation.FirstSector, Bytes(batch, index));
            return failure;
        }

        platter.Write(operation.FirstSector, Bytes(batch, index));
        return BlockStatus.Done;
    }

    private static Span<byte> Bytes(BlockBatch batch, int index) =>
        batch.PeekBuffer(index).Data[..(batch[index].SectorCount * BlockDeviceInformation.SectorSize)];

    private static void Answer(Work work, BlockStatus rest)
    {
        if (rest != BlockStatus.Pending)
        {
            work.Batch.EndAll(rest);
        }

        BlockBatch.Answer(work.Batch, work.Reply, incarnation: 1);
    }

    private sealed record Work(BlockBatch Batch, Reply<BlockBatch> Reply);
}
