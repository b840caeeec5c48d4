// xen/include/public/io/console.h: struct xencons_interface.
using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Xen;

/// <summary>The guest's end of the ring to the toolstack's console: bytes out, by two free-running indices.</summary>
/// <remarks>
/// The other end may write anything into its index: bytes are stored inside the ring whatever it says, and a distance that cannot be is
/// a full ring. Input goes the other way by indices of its own and is not read here.
/// </remarks>
public static unsafe class XenConsoleRing
{
    private const uint Size = 2048;
    private const ulong OutputOffset = 1024;
    private const ulong ConsumerOffset = 3080, ProducerOffset = 3084;

    /// <summary>How many bytes there is room for.</summary>
    public static uint Room(ulong page)
    {
        uint used = *(uint*)(page + ProducerOffset) - (uint)ProcessorMemory.LoadAcquire(ref *(int*)(page + ConsumerOffset));
        return used < Size ? Size - used : 0;
    }

    /// <summary>Stores a byte and shows it to the other end; there is room.</summary>
    public static void Put(ulong page, byte value)
    {
        uint producer = *(uint*)(page + ProducerOffset);
        *(byte*)(page + OutputOffset + (producer & (Size - 1))) = value;
        ProcessorMemory.StoreRelease(ref *(int*)(page + ProducerOffset), (int)(producer + 1));
    }
}
