using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>The frames and batches of a device, which all its queue pairs rent from and which outlive every reset.</summary>
internal sealed class DeviceFrames
{
    /// <summary>A page, so that no frame of half a page crosses one.</summary>
    private const int FrameAlignment = 4096;

    public DeviceFrames(DmaArena arena, VirtioNetOptions options)
    {
        (ReceiveMemory, Receive) = CreatePool(arena, options.ReceiveFrameCount, options.FrameSize);
        (TransmitMemory, Transmit) = CreatePool(arena, options.TransmitFrameCount, options.FrameSize);
        Batches = FrameBatchPool.Create(options.BatchCount);
    }

    /// <summary>What received frames come from, and where they lie.</summary>
    public FramePool Receive { get; }

    /// <inheritdoc cref="Receive"/>
    public DmaBlock ReceiveMemory { get; }

    /// <summary>What clients rent from, and where it lies.</summary>
    public FramePool Transmit { get; }

    /// <inheritdoc cref="Transmit"/>
    public DmaBlock TransmitMemory { get; }

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches { get; }

    private static (DmaBlock Memory, FramePool Pool) CreatePool(DmaArena arena, int frameCount, int frameSize)
    {
        var cut = new FramePoolOptions { FrameCount = frameCount, FrameSize = frameSize };
        var memory = arena.Allocate(cut.RequiredMemory, FrameAlignment);
        return (memory, FramePool.Create(cut, memory.Memory));
    }
}
