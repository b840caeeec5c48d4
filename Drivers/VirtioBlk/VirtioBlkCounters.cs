using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>The running numbers behind <see cref="BlockDeviceStatistics"/>; they outlive the driver's incarnations.</summary>
internal sealed class VirtioBlkCounters
{
    public long Reads;
    public long ReadBytes;
    public long Writes;
    public long WrittenBytes;
    public long Discards;
    public long Flushes;
    public long Refused;
    public long Failed;
    public long LostInReset;
    public long Interrupts;
    public long EarlierNotifications;
    public long DeviceViolations;
    public long Resets;

    /// <summary>An operation is over.</summary>
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
                Reads++;
                ReadBytes += bytes;
                break;
            case BlockOperationKind.Write:
                Writes++;
                WrittenBytes += bytes;
                break;
            case BlockOperationKind.Discard:
                Discards++;
                break;
            case BlockOperationKind.None:
            default:
                break;
        }
    }

    public BlockDeviceStatistics Snapshot(long notifications) => new()
    {
        Reads = Reads,
        ReadBytes = ReadBytes,
        Writes = Writes,
        WrittenBytes = WrittenBytes,
        Discards = Discards,
        Flushes = Flushes,
        Refused = Refused,
        Failed = Failed,
        LostInReset = LostInReset,
        Interrupts = Interrupts,
        Notifications = EarlierNotifications + notifications,
        DeviceViolations = DeviceViolations,
        Resets = Resets,
    };
}
