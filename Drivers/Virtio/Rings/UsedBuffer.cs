namespace Troupe.Drivers.Virtio;

/// <summary>A buffer the device is done with.</summary>
/// <param name="Head">What <see cref="Virtqueue.TryAdd"/> called it.</param>
/// <param name="Length">How many bytes the device says it wrote; never more than the buffer's writable part.</param>
public readonly record struct UsedBuffer(int Head, int Length);
