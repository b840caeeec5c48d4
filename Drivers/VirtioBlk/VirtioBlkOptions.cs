namespace Troupe.Drivers.VirtioBlk;

/// <summary>How much memory a block device's driver may use.</summary>
public sealed record VirtioBlkOptions
{
    /// <summary>
    /// The most queues to use, one for each processor from 0 on, if the device has so many and interrupts for each but the first apart.
    /// </summary>
    public int Queues { get; init; } = 1;

    /// <summary>The most descriptors a ring has; the device may want fewer. A request takes three, or more if the device wants small segments.</summary>
    public int RingSizeLimit { get; init; } = 256;

    /// <summary>Requests at the device at the same time in each queue, at most.</summary>
    public int MaximumInFlight { get; init; } = 64;

    /// <summary>Batches that wait or are at work in the driver; one more is answered with <see cref="Contracts.BlockStatus.Busy"/>.</summary>
    public int MaximumBatches { get; init; } = 256;

    /// <summary>Buffers for clients.</summary>
    public int BufferCount { get; init; } = 64;

    /// <summary>Bytes per buffer, a multiple of the device's blocks; also the most that one operation transfers.</summary>
    public int BufferSize { get; init; } = 32 * 1024;

    /// <summary>Bytes of DMA memory that suffice for these options: the buffers, and for each queue the requests' headers, and a ring of the limit's size twice (one may be in quarantine).</summary>
    public long RequiredDmaMemory => ((long)BufferCount * BufferSize) + (Queues * (((long)MaximumInFlight * RequestMemory.Stride) + (2L * ((RingSizeLimit * 32L) + 4096))));
}
