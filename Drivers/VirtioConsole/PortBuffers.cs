using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>The buffers of a port, made when it first has a client; they outlive every reset.</summary>
internal sealed class PortBuffers
{
    /// <summary>Buffers in each direction.</summary>
    public const int Count = 8;

    /// <summary>A page, so that no buffer crosses one.</summary>
    public const int Size = 4096;

    /// <summary>Bytes of both directions.</summary>
    public const int RequiredMemory = 2 * Count * Size;

    public PortBuffers(DmaArena arena)
    {
        (ReceiveMemory, Receive) = CreatePool(arena);
        (SendMemory, Send) = CreatePool(arena);
    }

    public FramePool Receive { get; }

    public DmaBlock ReceiveMemory { get; }

    public FramePool Send { get; }

    public DmaBlock SendMemory { get; }

    /// <summary>Where the buffers of a pool lie; null if it is not this port's.</summary>
    public DmaBlock? MemoryOf(FramePool pool) =>
        ReferenceEquals(pool, Send) ? SendMemory : ReferenceEquals(pool, Receive) ? ReceiveMemory : null;

    private static (DmaBlock Memory, FramePool Pool) CreatePool(DmaArena arena)
    {
        var cut = new FramePoolOptions { FrameCount = Count, FrameSize = Size, Headroom = 0 };
        var memory = arena.Allocate(cut.RequiredMemory, Size);
        return (memory, FramePool.Create(cut, memory.Memory));
    }
}
