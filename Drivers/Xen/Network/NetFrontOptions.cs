namespace Troupe.Drivers.Xen;

/// <summary>How much memory a Xen network card's driver may use and how it paces its work.</summary>
public sealed record NetFrontOptions
{
    /// <summary>Frames for receiving, a page each: a full ring of 256, and as many again on their way through the layers above; a large packet takes up to 17.</summary>
    public int ReceiveFrameCount { get; init; } = 512;

    /// <summary>Frames for transmitting, a page each: with pieces of less, a packet of 64 KB would take more slots than every other half has to accept.</summary>
    public int TransmitFrameCount { get; init; } = 1024;

    /// <summary>Batches, for receiving and transmitting.</summary>
    public int BatchCount { get; init; } = 1024 + 64;

    /// <summary>Frames that wait in the driver when the transmit ring is full; one more is dropped and counted.</summary>
    public int TransmitQueueLength { get; init; } = 1024;

    /// <summary>Buffers taken from the receive ring in one turn, so that other messages get theirs.</summary>
    public int ReceiveBudget { get; init; } = 64;

    /// <summary>Whether checksums and cutting into segments are left to the other end. Without, all frames are complete and none is larger than the link takes.</summary>
    public bool Offloads { get; init; } = true;

    /// <summary>
    /// The most queues to use, one for each processor from 0 on, if the other half takes so many. The buffers of all of them together are half of the frames: no more memory
    /// is taken for frames. Packets larger than the link takes are received if each gets 54 buffers at least.
    /// </summary>
    public int Queues { get; init; } = 1;

    /// <summary>Bytes of memory that suffice for these options.</summary>
    public long RequiredDmaMemory => ((long)(ReceiveFrameCount + TransmitFrameCount) * NetFrontFrames.PageBytes) + (2L * Queues * NetFrontFrames.PageBytes);
}
