using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>Whose a batch is, and how far the device is with it.</summary>
public enum BlockBatchState
{
    /// <summary>The client's.</summary>
    Owned,

    /// <summary>The device's: operations are under way, in any order.</summary>
    Working,

    /// <summary>The device's: all operations are over, and what the device's cache holds is being made durable.</summary>
    Flushing,
}

/// <summary>What a client and a device do with a batch, as the device takes and gives it.</summary>
public enum BlockBatchStep
{
    /// <summary>Client: <see cref="BlockDeviceMessageKind.Submit"/>.</summary>
    Submit,

    /// <summary>Device: an operation is over.</summary>
    OperationEnded,

    /// <summary>Device: all operations are over, and the flush begins.</summary>
    FlushBegun,

    /// <summary>Device: the batch goes back to the client.</summary>
    Answered,
}

/// <summary>
/// The contract of a block device's driver with its clients (docs/storage.md shows its graph). A conversation is one batch; the device's side of <see cref="BlockBatch"/> observes it.
/// </summary>
public static class BlockDeviceContract
{
    /// <summary>The contract.</summary>
    public static Contract<BlockBatchState, BlockBatchStep> Instance { get; } =
        new Contract<BlockBatchState, BlockBatchStep>("block device", BlockBatchState.Owned)
            .Party("client", BlockBatchStep.Submit)
            .Party("device", BlockBatchStep.OperationEnded, BlockBatchStep.FlushBegun, BlockBatchStep.Answered)
            .Permit(BlockBatchState.Owned, BlockBatchStep.Submit, BlockBatchState.Working)
            .Allow(BlockBatchState.Working, BlockBatchStep.OperationEnded)
            .Permit(BlockBatchState.Working, BlockBatchStep.FlushBegun, BlockBatchState.Flushing)
            .Permit(BlockBatchState.Working, BlockBatchStep.Answered, BlockBatchState.Owned)
            .Permit(BlockBatchState.Flushing, BlockBatchStep.Answered, BlockBatchState.Owned);
}
