namespace Troupe.Drivers.Contracts;

/// <summary>What became of a <see cref="BlockOperation"/>.</summary>
public enum BlockStatus : byte
{
    /// <summary>Not over yet.</summary>
    Pending,

    /// <summary>Done. A write is then visible to every later read, and not durable before a later flush is done.</summary>
    Done,

    /// <summary>
    /// The request makes no sense to this device: sectors that are not whole blocks, more bytes than the buffer or <see cref="BlockDeviceInformation.MaximumTransfer"/>,
    /// a buffer of another device's pool. Nothing was done.
    /// </summary>
    Invalid,

    /// <summary>Sectors beyond the end of the device. Nothing was done.</summary>
    OutOfRange,

    /// <summary>The device cannot be written. Nothing was done.</summary>
    ReadOnly,

    /// <summary>The device cannot do this at all (a discard, mostly). Nothing was done.</summary>
    Unsupported,

    /// <summary>The device has no room behind the sectors. They hold what they held, or what was written, each.</summary>
    NoSpace,

    /// <summary>The device says that it failed. After a write, each sector holds what it held, what was written, or cannot be read.</summary>
    DeviceFailed,

    /// <summary>
    /// The device was reset with the request in flight (its driver was restarted, or it broke the rules). Whether a write happened is unknown, sector by sector, and it will not
    /// happen later. Submit it again: <see cref="BlockStatuses.IsRetryable"/>.
    /// </summary>
    DeviceReset,

    /// <summary>More waits for the device than the driver keeps. Nothing was done; submit it again later.</summary>
    Busy,
}

/// <summary>What a <see cref="BlockStatus"/> means for the client.</summary>
public static class BlockStatuses
{
    /// <summary>Whether the same request may well succeed when it is submitted again.</summary>
    public static bool IsRetryable(this BlockStatus status) => status is BlockStatus.DeviceReset or BlockStatus.Busy;
}
