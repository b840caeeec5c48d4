namespace Troupe.Drivers.Rtl8139;

/// <summary>How much memory the driver may use and how it paces its work.</summary>
public sealed record Rtl8139Options
{
    /// <summary>Frames for receiving, on their way through the layers above.</summary>
    public int ReceiveFrameCount { get; init; } = 512;

    /// <summary>Frames that clients rent for transmitting.</summary>
    public int TransmitFrameCount { get; init; } = 1024;

    /// <summary>Batches, for receiving and transmitting. An answer is mostly alone in its batch.</summary>
    public int BatchCount { get; init; } = 1024 + 64;

    /// <summary>Frames that wait in the driver while the card sends four; one more is dropped and counted.</summary>
    public int TransmitQueueLength { get; init; } = 1024;

    /// <summary>Packets taken from the ring in one turn, so that other messages get theirs.</summary>
    public int ReceiveBudget { get; init; } = 64;
}
