// VIRTIO 1.2, section 5.2: block device, from the device's side.
using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioBlk;

namespace Troupe.Verification.Simulator;

/// <summary>A virtio disk that can misbehave, its driver, and a client that reads and writes.</summary>
internal sealed class BlockBench : DeviceBench
{
    private const int Sector = BlockDeviceInformation.SectorSize;
    private const int Sectors = 64;
    private const int MostPending = 12;
    private const uint Read = 0, Write = 1, Flush = 4, Discard = 11;
    private const byte Done = 0, Failed = 1, Unsupported = 2;

    private readonly byte[] _disk = new byte[Sectors * Sector];
    private readonly LyingVirtioDevice _device;
    private readonly VirtioBlkDevice _driven;
    private readonly ActorRef<BlockDeviceMessage> _driver;
    private readonly List<Task> _pending = [];
    private long _reads, _writes;

    public BlockBench(Random random, DeterministicHost host) : base(random, host)
    {
        // Section 5.2.3: SEG_MAX, BLK_SIZE, FLUSH, TOPOLOGY, DISCARD, EVENT_IDX.
        ulong features = 0;
        foreach (int bit in (int[])[2, 6, 9, 10, 13, 29])
            features |= random.Next(2) == 0 ? 0 : 1UL << bit;
        byte[] configuration = new byte[60];
        BinaryPrimitives.WriteInt64LittleEndian(configuration, Sectors);
        BinaryPrimitives.WriteInt32LittleEndian(configuration.AsSpan(12), 4);
        BinaryPrimitives.WriteInt32LittleEndian(configuration.AsSpan(20), Sector);
        BinaryPrimitives.WriteInt32LittleEndian(configuration.AsSpan(36), Sectors);
        int ring = 8 << random.Next(3);
        features |= ring == LyingVirtioDevice.PackedRing ? VirtioFeatures.RingPacked : 0;
        _device = new(Memory, random, VirtioDeviceType.Block, 1, ring, features, configuration);
        VirtioBlkOptions options = new() { RingSizeLimit = ring, MaximumInFlight = 1 + random.Next(8), MaximumBatches = 8, BufferCount = 16, BufferSize = 4096 };
        _driven = new(VirtioMmioTransport.Open(_device), _device.CreateArena(options.RequiredDmaMemory), options);
        _driver = System.Spawn(() => new VirtioBlkDriver(_driven), new SpawnOptions { Name = "virtio-blk", OnFailure = FailurePolicy.Restart });
    }

    public override IReadOnlyList<Misbehaviour> Kinds { get; } = Enum.GetValues<Misbehaviour>();

    public override TimeSpan LongestWait => BlockDeviceMessage.Patience / 2;

    protected override bool HasEnded => _driver.Terminated.IsCompleted;

    protected override long MisuseCount => _driven.Buffers.MisuseCount;

    protected override int RentedCount => _driven.Buffers.RentedCount;

    protected override long BytesInQuarantine => _device.Arena!.BytesInQuarantine;

    public override async Task StartAsync() => await Host.WhenIdle();

    public override void Work()
    {
        _pending.RemoveAll(static task => task.IsCompletedSuccessfully);
        if (_pending.Count >= MostPending)
            return;
        BlockBatch batch = new(3);
        for (int operations = 1 + Random.Next(3); operations > 0; operations--)
        {
            int count = 1 + Random.Next(8);
            int first = Random.Next(Sectors - count + 1);
            if (Random.Next(8) == 0)
                batch.TryAddDiscard(first, count);
            else if (_driven.Buffers.TryRent(out BlockBuffer buffer))
                Add(batch, first, count, buffer, Random.Next(2) == 0);
        }

        if (Random.Next(3) == 0)
            batch.AddFlush();
        _pending.Add(SubmitAsync(batch));
    }

    public override void Serve()
    {
        if (!_device.IsServing)
            return;
        LyingQueue queue = _device.Queues[0];
        queue.TakeAll();
        LyingChain[] taken = [.. queue.Taken];
        Random.Shuffle(taken);
        foreach (LyingChain chain in taken.AsSpan(0, Random.Next(taken.Length + 1)))
            _device.Return(0, chain, Execute(chain));
    }

    public override bool Misbehave(Misbehaviour kind)
    {
        if (kind != Misbehaviour.HeaderGarbage)
            return _device.Misbehave(kind);
        if (!_device.IsServing)
            return false;
        _device.Queues[0].TakeAll();
        if (_device.Queues[0].Taken.Count == 0)
            return false;
        LyingChain chain = _device.Queues[0].Taken[0];
        LyingChain.Piece status = chain.Pieces[^1];
        memoryAt(status)[0] = (byte)Random.Next(256);
        _device.Return(0, chain, Random.Next(2) == 0 ? chain.Writable : Random.Next(chain.Writable + 1));
        return true;

        Span<byte> memoryAt(LyingChain.Piece piece) => Memory.At(piece.Address, piece.Length);
    }

    // Some failures the device tells; of the others the driver has to find out, as somebody waits.
    public override void Heal() => _device.Heal(saysSo: Random.Next(2) == 0);

    public override async Task FinishAsync(TimeSpan latest)
    {
        await UntilAsync(() => _pending.TrueForAll(static task => task.IsCompleted), latest, "an answer to each batch");
        await Task.WhenAll(_pending);
        _pending.Clear();
        byte fill = (byte)Random.Next(1, 256);
        // What a device did before its reset may still come to light: then it is reset once more.
        for (bool isRight = false; !isRight;)
        {
            Task<bool> checking = WriteAndReadAsync(fill++);
            _pending.Add(checking);
            await UntilAsync(() => checking.IsCompleted, latest, "a write, a flush and a read after the last fault");
            isRight = await checking;
        }
    }

    public override async Task<(long Violations, long Resets)> CountAsync()
    {
        BlockDeviceStatistics counted = await _driver.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics);
        if (counted.Reads != _reads || counted.Writes != _writes)
            throw new InvariantException($"The driver counted {counted.Reads} reads and {counted.Writes} writes; {_reads} and {_writes} were answered as done.");
        return (counted.DeviceViolations, counted.Resets);
    }

    private static void Add(BlockBatch batch, int first, int count, BlockBuffer buffer, bool isRead)
    {
        if (isRead)
            batch.TryAddRead(first, count, buffer);
        else
            batch.TryAddWrite(first, count, buffer);
    }

    private async Task SubmitAsync(BlockBatch batch)
    {
        using BlockBatch answered = await AnswerAsync(batch);
    }

    private async Task<BlockBatch> AnswerAsync(BlockBatch batch)
    {
        // Longer than any case: whether it is answered at all is seen elsewhere.
        BlockBatch answered = await _driver.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, TimeSpan.FromHours(2));
        for (int index = 0; index < answered.Count; index++)
        {
            BlockOperation operation = answered[index];
            if (operation.Status == BlockStatus.Pending)
                throw new InvariantException("A batch was answered with something pending.");
            _reads += operation is { Kind: BlockOperationKind.Read, Status: BlockStatus.Done } ? 1 : 0;
            _writes += operation is { Kind: BlockOperationKind.Write, Status: BlockStatus.Done } ? 1 : 0;
        }

        return answered;
    }

    private async Task<bool> WriteAndReadAsync(byte fill)
    {
        bool isWell = _device.IsWell;
        long resets = _device.Resets;
        if (!_driven.Buffers.TryRent(out BlockBuffer written))
            throw new InvariantException("No buffer is left though every batch was answered.");
        written.Data.Fill(fill);
        BlockBatch batch = new(1);
        batch.TryAddWrite(3, 4, written);
        batch.AddFlush();
        using (BlockBatch answered = await AnswerAsync(batch))
        {
            if (answered.Status != BlockStatus.Done)
                return false;
        }

        if (!_driven.Buffers.TryRent(out BlockBuffer read))
            throw new InvariantException("No buffer is left though every batch was answered.");
        read.Data.Fill((byte)~fill);
        BlockBatch second = new(1);
        second.TryAddRead(3, 4, read);
        using BlockBatch got = await AnswerAsync(second);
        if (got.Status != BlockStatus.Done)
            return false;
        // Of a device that was not reset since it lied, nothing can be said.
        if (isWell && resets == _device.Resets && got.PeekBuffer(0).Data[..(4 * Sector)].ContainsAnyExcept(fill))
            throw new InvariantException("A device that behaves was read, and it was not what had been written.");
        return true;
    }

    private int Execute(LyingChain chain)
    {
        LyingChain.Piece header = chain.Pieces[0];
        LyingChain.Piece status = chain.Pieces[^1];
        if (header.IsWritable || header.Length != 16 || !status.IsWritable || status.Length != 1)
            throw new InvariantException($"A request with a header of {header.Length} and a status of {status.Length} octets.");
        Span<byte> bytes = Memory.At(header.Address, 16);
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        long at = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) * Sector;
        int written = 1;
        byte result = type is Read or Write or Flush or Discard ? Done : Unsupported;
        foreach (LyingChain.Piece piece in chain.Pieces.Skip(1).SkipLast(1))
        {
            if (type is Read or Write && at + piece.Length > _disk.Length)
            {
                result = Failed;
                break;
            }

            Span<byte> data = Memory.At(piece.Address, piece.Length);
            if (type == Read)
            {
                _disk.AsSpan((int)at, piece.Length).CopyTo(data);
                written += piece.Length;
            }
            else if (type == Write)
            {
                data.CopyTo(_disk.AsSpan((int)at));
            }

            at += piece.Length;
        }

        Memory.At(status.Address, 1)[0] = result;
        return written;
    }
}
