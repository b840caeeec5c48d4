using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>One contiguous piece of a buffer given to a device.</summary>
/// <param name="Block">The memory.</param>
/// <param name="Offset">Where the piece starts in it, in bytes.</param>
/// <param name="Length">How long it is, in bytes; at least 1.</param>
/// <param name="IsDeviceWritable">Whether the device writes it, rather than reads it. Written pieces come after read ones.</param>
public readonly record struct VirtqueueSegment(DmaBlock Block, int Offset, int Length, bool IsDeviceWritable);
