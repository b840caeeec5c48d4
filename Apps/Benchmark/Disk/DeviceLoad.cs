using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Benchmark.Disk;

/// <summary>A load for the disk of our guest.</summary>
/// <param name="Work">What to do.</param>
/// <param name="Reply">Where to say what came of it.</param>
internal readonly record struct DeviceLoadMessage(DiskWork Work, Reply<DiskResult> Reply);

/// <summary>
/// Loads a block device as any client does, by its contract (docs/storage.md): a request is a batch, and as many batches are under way as the load says. Larger requests than the device
/// takes are several operations of a batch.
/// </summary>
internal sealed class DeviceLoad(ActorRef<BlockDeviceMessage> device) : Actor<DeviceLoadMessage>
{
    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(DeviceLoadMessage message)
    {
        try
        {
            BlockDeviceInformation disk = await device.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);
            DiskMeasurement measurement = new(message.Work, disk.SectorCount * BlockDeviceInformation.SectorSize, Context.Time);
            Task[] requests = new Task[message.Work.Depth];
            for (int index = 0; index < requests.Length; index++)
                requests[index] = RunAsync(disk, message.Work, measurement);
            foreach (Task request in requests)
                await request;
            message.Reply.Set(measurement.Finish());
        }
        catch (InvalidOperationException failure)
        {
            message.Reply.TryFail(failure);
        }
    }

    /// <summary>One request after another.</summary>
    private async Task RunAsync(BlockDeviceInformation disk, DiskWork work, DiskMeasurement measurement)
    {
        int operation = Math.Min(work.Length, disk.MaximumTransfer);
        BlockBatch batch = new((work.Length + operation - 1) / operation);
        while (!measurement.IsOver)
        {
            long began = measurement.Now;
            Fill(disk, work, batch, measurement.NextPosition(), operation);
            batch = await device.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
            measurement.Add(began);
            if (batch.Status != BlockStatus.Done)
            {
                string what = $"A batch ended with {batch.Status}.";
                batch.Dispose();
                throw new InvalidOperationException(what);
            }

            batch.Clear();
        }

        batch.Dispose();
    }

    private static void Fill(BlockDeviceInformation disk, DiskWork work, [Borrowed] BlockBatch batch, long position, int operation)
    {
        for (int done = 0; done < work.Length; done += operation)
        {
            if (!disk.Buffers.TryRent(out BlockBuffer buffer))
                throw new InvalidOperationException($"There is no buffer for {work.Depth} requests of {work.Length} bytes.");
            long sector = (position + done) / BlockDeviceInformation.SectorSize;
            int sectors = Math.Min(operation, work.Length - done) / BlockDeviceInformation.SectorSize;
            if (!(work.IsWrite ? batch.TryAddWrite(sector, sectors, buffer) : batch.TryAddRead(sector, sectors, buffer)))
                buffer.Dispose();
        }

        if (work.Operation == DiskOperation.Flush)
            batch.AddFlush();
    }
}
