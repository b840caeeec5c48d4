using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// One processor's stock of single frames. Its lock is its owner's but for the moment in which an exhausted allocator
/// collects what is left, so it is all but never contended. Fields are touched under the lock.
/// </summary>
internal unsafe struct FrameCache<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    /// <summary>With lock and count: 256 bytes, four cache lines.</summary>
    internal const int Capacity = 62;

    /// <summary>Moved to and from the buddy system at once.</summary>
    internal const int Batch = 31;

    internal SpinLock<TMemory, TProcessors> Lock;
    internal int Count;

    // Frame numbers: 32 bits reach 16 TiB.
    private fixed uint _frames[Capacity];

    internal void Initialize()
    {
        Lock = default;
        Count = 0;
    }

    internal void Push(ulong frame)
    {
        _frames[Count] = (uint)(frame >> PageSize.Shift);
        Count++;
    }

    internal ulong Pop()
    {
        Count--;
        return (ulong)_frames[Count] << PageSize.Shift;
    }
}
