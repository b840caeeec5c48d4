namespace Troupe.Drivers.Contracts;

/// <summary>The running numbers behind <see cref="BlockDeviceStatistics"/>, for drivers, which count in their turns. They outlive a driver's incarnations.</summary>
public sealed class BlockDeviceCounters
{
    private long _reads, _readBytes, _writes, _writtenBytes, _discards;

    /// <summary><see cref="BlockDeviceStatistics.Flushes"/>.</summary>
    public long Flushes { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.Refused"/>.</summary>
    public long Refused { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.Failed"/>.</summary>
    public long Failed { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.LostInReset"/>.</summary>
    public long LostInReset { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.Interrupts"/>.</summary>
    public long Interrupts { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.Notifications"/>.</summary>
    public long Notifications { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.DeviceViolations"/>.</summary>
    public long DeviceViolations { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.Resets"/>.</summary>
    public long Resets { get; set; }

    /// <summary><see cref="BlockDeviceStatistics.RefusedResets"/>.</summary>
    public long RefusedResets { get; set; }

    /// <summary>The device has ended an operation.</summary>
    public void Count(in BlockOperation operation, BlockStatus status)
    {
        if (status != BlockStatus.Done)
        {
            Failed++;
            return;
        }

        var bytes = (long)operation.SectorCount * BlockDeviceInformation.SectorSize;
        switch (operation.Kind)
        {
            case BlockOperationKind.Read:
                _reads++;
                _readBytes += bytes;
                break;
            case BlockOperationKind.Write:
                _writes++;
                _writtenBytes += bytes;
                break;
            case BlockOperationKind.Discard:
                _discards++;
                break;
            case BlockOperationKind.None:
            default:
                break;
        }
    }

    /// <summary>The device has ended a flush.</summary>
    public void CountFlush(BlockStatus status)
    {
        Flushes += status == BlockStatus.Done ? 1 : 0;
        Failed += status == BlockStatus.Done ? 0 : 1;
    }

    /// <summary>Adds these numbers to others: a device's are the sum of its queues'. Those of a queue whose actor runs may be of different moments.</summary>
    public void AddTo(BlockDeviceCounters sum)
    {
        ArgumentNullException.ThrowIfNull(sum);
        sum._reads += _reads;
        sum._readBytes += _readBytes;
        sum._writes += _writes;
        sum._writtenBytes += _writtenBytes;
        sum._discards += _discards;
        sum.Flushes += Flushes;
        sum.Refused += Refused;
        sum.Failed += Failed;
        sum.LostInReset += LostInReset;
        sum.Interrupts += Interrupts;
        sum.Notifications += Notifications;
        sum.DeviceViolations += DeviceViolations;
        sum.Resets += Resets;
        sum.RefusedResets += RefusedResets;
    }

    /// <summary>All of them as they are now.</summary>
    public BlockDeviceStatistics Read() => new()
    {
        Reads = _reads,
        ReadBytes = _readBytes,
        Writes = _writes,
        WrittenBytes = _writtenBytes,
        Discards = _discards,
        Flushes = Flushes,
        Refused = Refused,
        Failed = Failed,
        LostInReset = LostInReset,
        Interrupts = Interrupts,
        Notifications = Notifications,
        DeviceViolations = DeviceViolations,
        Resets = Resets,
        RefusedResets = RefusedResets,
    };
}
