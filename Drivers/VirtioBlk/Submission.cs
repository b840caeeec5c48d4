using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>A batch in the driver, and how far it is. Used again for the next batch.</summary>
internal sealed class Submission
{
    public BlockBatch Batch { get; private set; } = null!;

    public Reply<BlockBatch> Reply { get; private set; }

    /// <summary>The first operation that was not yet given to the device.</summary>
    public int Next { get; set; }

    /// <summary>Operations at the device.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether all operations are over and the flush waits for the device or is there.</summary>
    public bool IsFlushing { get; set; }

    public bool IsEverythingIssued => Next == Batch.Count;

    public void Take(BlockBatch batch, Reply<BlockBatch> reply)
    {
        (Batch, Reply) = (batch, reply);
        (Next, InFlight, IsFlushing) = (0, 0, false);
    }

    public BlockBatch Release()
    {
        var batch = Batch;
        Batch = null!;
        return batch;
    }
}
