using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>How much memory a network device's driver may use and how it paces its work.</summary>
public sealed record VirtioNetOptions
{
    /// <summary>The most descriptors a ring has; the device may want fewer.</summary>
    public int RingSizeLimit { get; init; } = 256;

    /// <summary>
    /// Frames for receiving: a full ring, and as many again on their way through the layers above and with neighbours that are waited for; a large packet takes several.
    /// </summary>
    public int ReceiveFrameCount { get; init; } = 1024;

    /// <summary>Frames for transmitting.</summary>
    public int TransmitFrameCount { get; init; } = 1024;

    /// <summary>Batches, for receiving and transmitting. An answer is mostly alone in its batch, so there are as many as frames to transmit, and those that receiving needs.</summary>
    public int BatchCount { get; init; } = 1024 + 64;

    /// <summary>Bytes per frame, headroom included.</summary>
    public int FrameSize { get; init; } = FramePoolOptions.DefaultFrameSize;

    /// <summary>Frames that wait in the driver when the transmit ring is full; one more is dropped and counted.</summary>
    public int TransmitQueueLength { get; init; } = 1024;

    /// <summary>Frames taken from the receive ring in one turn, so that other messages get theirs.</summary>
    public int ReceiveBudget { get; init; } = 64;

    /// <summary>Whether checksums and cutting into segments are left to the device as far as it can. Without, all frames are complete and none is larger than the link takes.</summary>
    public bool Offloads { get; init; } = true;

    /// <summary>
    /// The most queue pairs to use, one for each processor from 0 on, if the device has so many and interrupts for each apart. With more than one, each ring is as small as
    /// it must be for all of them to hold half of the frames: no more memory is taken for frames.
    /// </summary>
    public int QueuePairs { get; init; } = 1;

    /// <summary>The address if the device has none.</summary>
    public HardwareAddress? HardwareAddress { get; init; }

    /// <summary>Bytes of DMA memory that suffice for these options: the pools, and rings of the limit's size for each pair, and a queue for commands, twice (those before a reset may be in quarantine).</summary>
    public long RequiredDmaMemory => ((long)(ReceiveFrameCount + TransmitFrameCount) * FrameSize) + ((4L * QueuePairs) * ((RingSizeLimit * 32L) + 4096)) + (QueuePairs > 1 ? 4 * 4096 : 0);
}
