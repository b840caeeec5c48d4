using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Verification.Coyote;

/// <summary>A client of a disk that reads one sector, and counts how that ended.</summary>
/// <param name="buffers">The device's.</param>
/// <param name="driver">The device's.</param>
/// <param name="waits">Whether it asks about the device first, which is answered when that runs.</param>
internal sealed class ReadingClient(BlockBufferPool buffers, ActorRef<BlockDeviceMessage> driver, bool waits) : Actor<int>
{
    public int Done { get; private set; }

    public int ToBeRepeated { get; private set; }

    /// <summary>So many of them, each of which reads a sector of its own.</summary>
    public static List<ReadingClient> Spawn(ActorSystem system, int count, BlockBufferPool buffers, ActorRef<BlockDeviceMessage> driver, bool waits = false)
    {
        var clients = new List<ReadingClient>();
        for (var number = 0; number < count; number++)
        {
            var client = new ReadingClient(buffers, driver, waits);
            clients.Add(client);
            system.Spawn(client, $"client {number}").Tell(number);
        }

        return clients;
    }

    protected override async ValueTask ReceiveAsync(int sector)
    {
        if (waits) await driver.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);
        Assert.True(buffers.TryRent(out var buffer));
        var batch = new BlockBatch();
        Assert.True(batch.TryAddRead(sector, 1, buffer));
        using var answer = await driver.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit);
        Done += answer.Status == BlockStatus.Done ? 1 : 0;
        ToBeRepeated += answer.Status == BlockStatus.DeviceReset ? 1 : 0;
    }
}
