namespace Troupe.Core.Capabilities;

/// <summary>Ordering between a driver's accesses where acquire and release do not suffice.</summary>
public static class Fence
{
    /// <summary>
    /// Every earlier load and store of this thread, to memory or registers, is visible to devices and processors before any
    /// later one is made. The store-then-load handshakes of shared rings need it.
    /// </summary>
    public static void Full() => Interlocked.MemoryBarrier();
}
