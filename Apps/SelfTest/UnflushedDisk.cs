using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Between a client and its disk: passes on all but flushes, which it says are done. What it is for: <c>./troupe test power</c> has to find it out.
/// </summary>
internal sealed class UnflushedDisk(ActorRef<BlockDeviceMessage> disk) : Actor<BlockDeviceMessage>
{
    protected override async ValueTask ReceiveAsync(BlockDeviceMessage message)
    {
        if (message is { Kind: BlockDeviceMessageKind.Submit, Batch.FlushAtEnd: true })
            await WriteAsync(message.Batch, message.BatchReply);
        else
            await disk.TellAsync(message);
    }

    // What a log store flushes with are writes, which do not need their buffers any more when they are over.
    private async Task WriteAsync(BlockBatch batch, Reply<BlockBatch> reply)
    {
        BlockBatch writes = new(Math.Max(1, batch.Count));
        for (int operation = 0; operation < batch.Count; operation++)
        {
            BlockBuffer buffer = batch.TakeBuffer(operation);
            if (!writes.TryAddWrite(batch[operation].FirstSector, batch[operation].SectorCount, buffer))
                buffer.Dispose();
        }

        using BlockBatch answer = await disk.AskAsync<BlockBatch, BlockBatch>(writes, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience);
        batch.Begin();
        for (int operation = 0; operation < answer.Count; operation++)
            batch.EndOperation(operation, answer[operation].Status);
        if (batch.TryBeginFlush())
            batch.EndFlush(BlockStatus.Done);
        BlockBatch.Answer(batch, reply, answer.Incarnation);
    }
}
