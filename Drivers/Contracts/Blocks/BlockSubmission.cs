using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>A batch in a driver, and how far it is. Used again for the next batch.</summary>
public sealed class BlockSubmission
{
    /// <summary>The batch; null between <see cref="Release"/> and <see cref="Take"/>.</summary>
    public BlockBatch Batch { get; private set; } = null!;

    /// <summary>Where it goes when it is over.</summary>
    public Reply<BlockBatch> Reply { get; private set; }

    /// <summary>The first operation that was not yet given to the device.</summary>
    public int Next { get; set; }

    /// <summary>Requests at the device: of operations, and of the flush.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether all operations are over and the flush waits for the device or is there.</summary>
    public bool IsFlushing { get; set; }

    /// <summary>Whether every operation was given to the device, or refused.</summary>
    public bool IsEverythingIssued => Next == Batch.Count;

    /// <summary>Takes a batch that the device has begun with (<see cref="BlockBatch.Begin"/>).</summary>
    public void Take(BlockBatch batch, Reply<BlockBatch> reply)
    {
        (Batch, Reply) = (batch, reply);
        (Next, InFlight, IsFlushing) = (0, 0, false);
    }

    /// <summary>Gives it up, to be answered.</summary>
    public BlockBatch Release()
    {
        var batch = Batch;
        Batch = null!;
        return batch;
    }
}
