namespace Troupe.Drivers.Contracts;

/// <summary>How a <see cref="FramePool"/> is cut.</summary>
public sealed record FramePoolOptions
{
    /// <summary>
    /// Room in front of the data of a rented frame for headers to come: a device header (12), Ethernet (14), IPv4 with
    /// options (60) and TCP with options (60), rounded up to 32.
    /// </summary>
    public const int DefaultHeadroom = 160;

    /// <summary>Holds a 1,500-byte packet with its headroom; two to a page, so no frame crosses a page boundary.</summary>
    public const int DefaultFrameSize = 2048;

    /// <summary>How many frames the pool holds.</summary>
    public required int FrameCount { get; init; }

    /// <summary>Bytes per frame, headroom included.</summary>
    public int FrameSize { get; init; } = DefaultFrameSize;

    /// <summary>Bytes in front of the data of a freshly rented frame.</summary>
    public int Headroom { get; init; } = DefaultHeadroom;

    /// <summary>How much memory a pool cut so needs.</summary>
    public int RequiredMemory => checked(FrameCount * FrameSize);
}
