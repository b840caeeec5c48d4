using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Two disks, and what the boot before left on them: the smaller is written sector by sector, the larger holds a log store. Each boot checks what is there and leaves its own.
/// </summary>
internal static class Disks
{
    private const int SectorSize = BlockDeviceInformation.SectorSize;
    private const int SectorsPerOperation = 16;
    private const int OperationsPerBatch = 4;
    private const int Keys = 100;

    internal static bool Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task<bool> RunAsync()
    {
        await using UnikernelApplication app = Unikernel.CreateBuilder([]).Build();
        List<(ActorRef<BlockDeviceMessage> Device, BlockDeviceInformation Information)> disks = [];
        foreach (ActorRef<BlockDeviceMessage> device in await app.GetBlockDevicesAsync())
        {
            BlockDeviceInformation information = await device.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);
            Console.WriteLine($"{device.Name}: {information.SectorCount} sectors, blocks of {information.BlockSize}, at most {information.MaximumTransfer} bytes at a time, "
                + $"cache {information.HasVolatileCache}, discard {information.MaximumDiscardSectors}");
            disks.Add((device, information));
        }

        if (disks.Count != 2)
        {
            Console.WriteLine($"there are {disks.Count} disks; this wants two: --disk FILE --disk FILE");
            return false;
        }

        disks.Sort(static (left, right) => left.Information.SectorCount.CompareTo(right.Information.SectorCount));
        return await TrySectorsAsync(disks[0].Device, disks[0].Information) & await TryStoreAsync(app.Actors, disks[1].Device);
    }

    private static async Task<bool> TrySectorsAsync(ActorRef<BlockDeviceMessage> device, BlockDeviceInformation information)
    {
        long sectors = information.SectorCount / SectorsPerOperation * SectorsPerOperation;
        byte[] content = new byte[sectors * SectorSize];
        await TransferAsync(device, information.Buffers, content, write: false);
        long boot = BinaryPrimitives.ReadInt64LittleEndian(content);
        byte[] expected = Pattern(boot, sectors);
        long wrong = Enumerable.Range(0, (int)sectors).LongCount(sector => !content.AsSpan(sector * SectorSize, SectorSize).SequenceEqual(expected.AsSpan(sector * SectorSize, SectorSize)));
        Console.WriteLine($"sectors: {sectors - wrong} of {sectors} are as boot {boot} left them");
        await TransferAsync(device, information.Buffers, Pattern(boot + 1, sectors), write: true);
        await TransferAsync(device, information.Buffers, content, write: false);
        bool isReadBack = content.AsSpan().SequenceEqual(Pattern(boot + 1, sectors));
        BlockDeviceStatistics statistics = await device.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics);
        Console.WriteLine($"sectors: boot {boot + 1} {(isReadBack ? "reads back what it wrote" : "does NOT read back what it wrote")}; "
            + $"{statistics.Reads} reads, {statistics.Writes} writes, {statistics.Flushes} flushes, {statistics.Interrupts} interrupts, {statistics.Notifications} notifications, {statistics.DeviceViolations} violations");
        for (int queue = 0; queue < statistics.Queues.Length; queue++)
            Console.WriteLine($"sectors: queue {queue}: {statistics.Queues[queue].Requests} requests, {statistics.Queues[queue].Interrupts} interrupts");
        return wrong == 0 && isReadBack && statistics.DeviceViolations == 0;
    }

    /// <summary>All of the disk, in batches that are under way together, and a flush behind them.</summary>
    private static async Task TransferAsync(ActorRef<BlockDeviceMessage> device, BlockBufferPool buffers, byte[] content, bool write)
    {
        const int Length = SectorsPerOperation * SectorSize;
        List<Task> underWay = [];
        for (int at = 0; at < content.Length; at += Length * OperationsPerBatch)
        {
            underWay.Add(TransferAsync(device, buffers, content.AsMemory(at, Math.Min(Length * OperationsPerBatch, content.Length - at)), at / SectorSize, write));
            // Buffers for so many batches there are.
            if (underWay.Count == 8)
            {
                await Task.WhenAll(underWay);
                underWay.Clear();
            }
        }

        await Task.WhenAll(underWay);
        BlockBatch flush = new();
        flush.AddFlush();
        (await SubmitAsync(device, flush)).Dispose();
    }

    private static async Task TransferAsync(ActorRef<BlockDeviceMessage> device, BlockBufferPool buffers, Memory<byte> content, long firstSector, bool write)
    {
        const int Length = SectorsPerOperation * SectorSize;
        BlockBatch batch = new(OperationsPerBatch);
        for (int at = 0; at < content.Length; at += Length)
        {
            if (!buffers.TryRent(out BlockBuffer buffer))
            {
                batch.Dispose();
                throw new InvalidOperationException("There is no buffer.");
            }

            long sector = firstSector + (at / SectorSize);
            bool added;
            if (write)
            {
                content.Span.Slice(at, Length).CopyTo(buffer.Data);
                added = batch.TryAddWrite(sector, SectorsPerOperation, buffer);
            }
            else
            {
                added = batch.TryAddRead(sector, SectorsPerOperation, buffer);
            }

            if (!added)
                buffer.Dispose();
        }

        BlockBatch answer = await SubmitAsync(device, batch);
        for (int operation = 0; operation < answer.Count && !write; operation++)
            answer.PeekBuffer(operation).Data[..Length].CopyTo(content.Span[(operation * Length)..]);
        answer.Dispose();
    }

    private static async Task<BlockBatch> SubmitAsync(ActorRef<BlockDeviceMessage> device, BlockBatch batch)
    {
        BlockBatch answer = await device.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
        if (answer.Status == BlockStatus.Done)
            return answer;
        string what = $"a batch ended with {answer.Status}";
        answer.Dispose();
        throw new InvalidOperationException(what);
    }

    /// <summary>What a boot leaves; boot 0 is a file of zeros.</summary>
    private static byte[] Pattern(long boot, long sectors)
    {
        byte[] content = new byte[sectors * SectorSize];
        for (int at = 0; at < content.Length && boot > 0; at += sizeof(long))
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at), at == 0 ? boot : (boot * 1_000_003) + at);
        return content;
    }

    private static async Task<bool> TryStoreAsync(ActorSystem actors, ActorRef<BlockDeviceMessage> device)
    {
        ActorRef<LogStoreMessage> store = actors.Spawn(new LogStore(new LogDisk(device)), "store");
        int boot = int.Parse(await GetAsync(store, "boots") ?? "0", CultureInfo.InvariantCulture);
        int wrong = 0;
        for (int key = 0; key < Keys; key++)
            wrong += await GetAsync(store, $"key {key}") == (boot == 0 ? null : $"{boot}: {key}") ? 0 : 1;
        Console.WriteLine($"store: {Keys - wrong} of {Keys} values are as boot {boot} left them");
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => PutAsync(store, $"key {key}", $"{boot + 1}: {key}")));
        await PutAsync(store, "boots", $"{boot + 1}");
        LogStoreStatistics statistics = await store.AskAsync<LogStoreStatistics>(LogStoreMessage.GetStatistics);
        Console.WriteLine($"store: boot {boot + 1} put {Keys} values in {statistics.Commits} commits; {statistics.RecoveredCommits} were found");
        return wrong == 0;
    }

    private static async Task<string?> GetAsync(ActorRef<LogStoreMessage> store, string key)
    {
        ImmutableArray<byte> value = await store.AskAsync<ImmutableArray<byte>>(reply => LogStoreMessage.Get(key, reply), BlockDeviceMessage.Patience);
        return value.IsDefault ? null : Encoding.UTF8.GetString(value.AsSpan());
    }

    private static Task PutAsync(ActorRef<LogStoreMessage> store, string key, string value) =>
        store.AskAsync<bool>(reply => LogStoreMessage.Put(key, [.. Encoding.UTF8.GetBytes(value)], reply), BlockDeviceMessage.Patience).AsTask();
}
