using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <content>The device's side: what a driver does with a batch that it took, each in its own turns.</content>
public sealed partial class BlockBatch
{
    /// <summary>The device takes the batch: every operation is pending.</summary>
    public void Begin()
    {
        RequireClient();
        BlockDeviceContract.Instance.Observe(_conversation, BlockBatchStep.Submit);
        _isWithDevice = true;
        FlushStatus = BlockStatus.Pending;
        foreach (ref var entry in _entries.AsSpan(0, Count))
        {
            entry.Status = BlockStatus.Pending;
        }
    }

    /// <summary>An operation is over.</summary>
    public void EndOperation(int index, BlockStatus status)
    {
        RequireDevice();
        ref var entry = ref At(index);
        if (status == BlockStatus.Pending || entry.Status != BlockStatus.Pending)
        {
            throw new InvalidOperationException($"Operation {index} is {entry.Status} and cannot become {status}.");
        }

        BlockDeviceContract.Instance.Observe(_conversation, BlockBatchStep.OperationEnded);
        entry.Status = status;
    }

    /// <summary>
    /// All operations are over and the flush begins. False: there is none to do, because none was asked for or an operation failed, whose status the flush then has.
    /// </summary>
    public bool TryBeginFlush()
    {
        RequireDevice();
        var operations = OperationsStatus;
        if (operations == BlockStatus.Pending)
        {
            throw new InvalidOperationException("A flush begins when every operation of its batch is over.");
        }

        if (!FlushAtEnd)
        {
            return false;
        }

        if (operations != BlockStatus.Done)
        {
            FlushStatus = operations;
            return false;
        }

        BlockDeviceContract.Instance.Observe(_conversation, BlockBatchStep.FlushBegun);
        return true;
    }

    /// <summary>The flush is over.</summary>
    public void EndFlush(BlockStatus status)
    {
        RequireDevice();
        FlushStatus = status;
    }

    /// <summary>Ends whatever is pending with <paramref name="status"/>: the device was reset, or takes nothing. Answers how many operations and flushes that were.</summary>
    public int EndAll(BlockStatus status)
    {
        RequireDevice();
        var count = 0;
        for (var index = 0; index < Count; index++)
        {
            if (_entries[index].Status == BlockStatus.Pending)
            {
                EndOperation(index, status);
                count++;
            }
        }

        if (FlushAtEnd && FlushStatus == BlockStatus.Pending)
        {
            FlushStatus = status;
            count++;
        }

        return count;
    }

    /// <summary>Gives the batch back to the client; if nobody waits for it any more it is disposed of.</summary>
    public static void Answer(BlockBatch batch, Reply<BlockBatch> reply, int incarnation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.RequireDevice();
        if (batch.OperationsStatus == BlockStatus.Pending || (batch.FlushAtEnd && batch.FlushStatus == BlockStatus.Pending))
        {
            throw new InvalidOperationException("Something in the batch is pending.");
        }

        BlockDeviceContract.Instance.Observe(batch._conversation, BlockBatchStep.Answered);
        batch.Incarnation = incarnation;
        batch._isWithDevice = false;
        if (!reply.TrySet(batch))
        {
            batch.Dispose();
        }
    }

    private void RequireDevice()
    {
        if (!_isWithDevice)
        {
            throw new InvalidOperationException("The device has not begun with the batch, or has answered it.");
        }
    }
}
