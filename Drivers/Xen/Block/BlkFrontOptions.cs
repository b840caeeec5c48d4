namespace Troupe.Drivers.Xen;

/// <summary>How much memory a Xen disk's driver may use.</summary>
public sealed record BlkFrontOptions
{
    /// <summary>
    /// The most queues to use, one for each processor from 0 on, if the other half takes so many. Each has up to 32 requests at the other half, and its own 33 grants; the buffers are
    /// for all of them.
    /// </summary>
    public int Queues { get; init; } = 1;

    /// <summary>Batches that wait or are at work in the driver; one more is answered with <see cref="Contracts.BlockStatus.Busy"/>.</summary>
    public int MaximumBatches { get; init; } = 256;

    /// <summary>Buffers for clients. Each page of each is a grant, of which a domain has 8,192 for all of its devices.</summary>
    public int BufferCount { get; init; } = 48;

    /// <summary>Bytes per buffer, a multiple of a page; also the most that one operation transfers, where the other half takes indirect segments. Where not, that is 44 KB.</summary>
    public int BufferSize { get; init; } = 64 * 1024;

    /// <summary>Bytes of memory that suffice for these options: the buffers, and for each queue a page of segments for each request, and the ring.</summary>
    public long RequiredDmaMemory => ((long)BufferCount * BufferSize) + (Queues * (BlkFrontQueue.MaximumInFlight + 1L) * BlkFrontDevice.PageBytes);
}
