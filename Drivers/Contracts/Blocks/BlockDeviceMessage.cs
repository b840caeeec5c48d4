using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// To a block device's driver. Owned when it carries a batch: whoever drops the message disposes of it. docs/storage.md has the rules of order and durability.
/// </summary>
public readonly struct BlockDeviceMessage : IDisposable
{
    /// <summary>
    /// A deadline for asks that every driver answers before: a device that does nothing for half as long is reset, and what was in flight is answered with
    /// <see cref="BlockStatus.DeviceReset"/>. Who gives up earlier does not know what becomes of the batch, which is disposed of when the device is done with it.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private BlockDeviceMessage(
        BlockDeviceMessageKind kind,
        BlockBatch? batch = null,
        Reply<BlockBatch> batchReply = default,
        Reply<BlockDeviceInformation> informationReply = default,
        Reply<BlockDeviceStatistics> statisticsReply = default)
    {
        Kind = kind;
        Batch = batch;
        BatchReply = batchReply;
        InformationReply = informationReply;
        StatisticsReply = statisticsReply;
    }

    /// <summary>What is asked for.</summary>
    public BlockDeviceMessageKind Kind { get; }

    /// <summary>What is to be done, for <see cref="BlockDeviceMessageKind.Submit"/>.</summary>
    public BlockBatch? Batch { get; }

    /// <summary>Where the batch goes when it is over.</summary>
    public Reply<BlockBatch> BatchReply { get; }

    /// <summary>Where the answer to <see cref="BlockDeviceMessageKind.GetInformation"/> goes.</summary>
    public Reply<BlockDeviceInformation> InformationReply { get; }

    /// <summary>Where the answer to <see cref="BlockDeviceMessageKind.GetStatistics"/> goes.</summary>
    public Reply<BlockDeviceStatistics> StatisticsReply { get; }

    /// <summary>
    /// Does what is in the batch. The batch and its buffers move to the device and come back in the answer when every operation is over, whatever became of each.
    /// <c>batch = await device.AskAsync&lt;BlockBatch, BlockBatch&gt;(batch, BlockDeviceMessage.Submit, BlockDeviceMessage.Patience)</c>.
    /// </summary>
    public static BlockDeviceMessage Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return new(BlockDeviceMessageKind.Submit, batch, reply);
    }

    /// <summary>Asks what the device is like: <c>device.AskAsync&lt;BlockDeviceInformation&gt;(BlockDeviceMessage.GetInformation)</c>.</summary>
    public static BlockDeviceMessage GetInformation(Reply<BlockDeviceInformation> reply) => new(BlockDeviceMessageKind.GetInformation, informationReply: reply);

    /// <summary>Asks for the statistics: <c>device.AskAsync&lt;BlockDeviceStatistics&gt;(BlockDeviceMessage.GetStatistics)</c>.</summary>
    public static BlockDeviceMessage GetStatistics(Reply<BlockDeviceStatistics> reply) => new(BlockDeviceMessageKind.GetStatistics, statisticsReply: reply);

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static BlockDeviceMessage Interrupt() => new(BlockDeviceMessageKind.Interrupt);

    /// <summary>The driver's own timer.</summary>
    public static BlockDeviceMessage Deadline() => new(BlockDeviceMessageKind.Deadline);

    /// <summary>Disposes of the batch.</summary>
    public void Dispose() => Batch?.Dispose();
}
