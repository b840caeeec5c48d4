using System.Diagnostics;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>Makes the driver of a disk fail, by a buffer that nobody may use any more, and waits for the first sector that its next incarnation has read.</summary>
internal sealed class DiskKill
{
    private readonly string _name;
    private readonly ActorRef<BlockDeviceMessage> _device;
    private readonly BlockBufferPool _buffers;
    private int _kills;

    private DiskKill(string name, ActorRef<BlockDeviceMessage> device, BlockBufferPool buffers) => (_name, _device, _buffers) = (name, device, buffers);

    internal static async Task<DiskKill> CreateAsync(string name, ActorRef<BlockDeviceMessage> device) =>
        new(name, device, (await device.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation)).Buffers);

    /// <summary>
    /// Kills it, in the middle of a batch or at its begin. A disk with several queues has them killed in turns: a batch goes to the queue that has the fewest, the first of these, so each queue before
    /// the one that is meant is given something to do. How long it was until a sector was read by the next incarnation.
    /// </summary>
    internal async Task<TimeSpan> KillAsync(bool inTheMiddle)
    {
        int incarnation = (await InformationAsync()).Incarnation;
        int queues = Math.Max(1, (await StatisticsAsync()).Queues.Length);
        for (int before = _kills++ % queues; before > 0; before--)
            await _device.TellAsync(BlockDeviceMessage.Submit(Reads(1), default));
        BlockDeviceMessage poison = BlockDeviceMessage.Submit(Poison(inTheMiddle), default);
        long start = Stopwatch.GetTimestamp();
        await _device.TellAsync(poison);
        return await ReadAsync(start, incarnation + 1);
    }

    /// <summary>How long it takes until a sector is read when nobody kills.</summary>
    internal Task<TimeSpan> ProbeAsync() => ReadAsync(Stopwatch.GetTimestamp(), incarnation: 0);

    private async Task<TimeSpan> ReadAsync(long start, int incarnation)
    {
        while (true)
        {
            using BlockBatch answer = await _device.AskAsync<BlockBatch, BlockBatch>(Reads(1), BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
            if (answer.Status == BlockStatus.Done && answer.Incarnation >= incarnation)
                return Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>What clients hold of the pool, whether that is nothing, and how often the device was found to break its rules.</summary>
    internal async Task<(string Report, bool IsWhole, long Violations)> LookAsync()
    {
        BlockDeviceStatistics now = await StatisticsAsync();
        int buffers = _buffers.RentedCount;
        return ($"{_name}: {now.Resets} resets, {now.DeviceViolations} violations, {now.LostInReset} operations lost, held: {buffers} buffers", buffers == 0, now.DeviceViolations);
    }

    private ValueTask<BlockDeviceInformation> InformationAsync() => _device.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation, BlockDeviceMessage.Patience);

    private ValueTask<BlockDeviceStatistics> StatisticsAsync() => _device.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics, BlockDeviceMessage.Patience);

    private BlockBatch Poison(bool inTheMiddle)
    {
        // Of the reads, the one whose buffer was given back brings the driver down; those before it are at the device by then.
        BlockBatch batch = Reads(3);
        batch.PeekBuffer(inTheMiddle ? 1 : 0).Dispose();
        return batch;
    }

    private BlockBatch Reads(int count)
    {
        BlockBatch batch = new(count);
        while (batch.Count < count)
        {
            if (!_buffers.TryRent(out BlockBuffer buffer))
                Thread.Yield();
            else if (!batch.TryAddRead(0, 1, buffer))
                buffer.Dispose();
        }

        return batch;
    }
}
