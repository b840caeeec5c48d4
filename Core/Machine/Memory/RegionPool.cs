using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// Where regions come from: frames cut into nodes, each frame charged. Nodes are kept for reuse; the frames stay. Owned by the lock of
/// the address space.
/// </summary>
internal unsafe struct RegionPool<TMemory, TProcessors, TPhysical>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
{
    private FrameAllocator<TMemory, TProcessors, TPhysical>* _frames;
    private CommitLimit<TMemory>* _commit;
    private Region* _free;
    private int _freeCount;

    internal void Initialize(FrameAllocator<TMemory, TProcessors, TPhysical>* frames, CommitLimit<TMemory>* commit)
    {
        _frames = frames;
        _commit = commit;
        _free = null;
        _freeCount = 0;
    }

    /// <summary>Makes sure of nodes before anything is changed, so that no request fails half-way for lack of one.</summary>
    internal bool Ensure(int count)
    {
        while (_freeCount < count)
        {
            if (!_commit->TryCharge(1))
                return false;
            ulong frame = _frames->Allocate();
            if (frame == 0)
            {
                _commit->Uncharge(1);
                return false;
            }

            Region* region = (Region*)TPhysical.At(frame);
            for (int i = 0; i < (int)PageSize.Small / sizeof(Region); i++)
                Give(region + i);
        }

        return true;
    }

    /// <summary>Takes one of the nodes made sure of.</summary>
    internal Region* Take()
    {
        Region* region = _free;
        _free = region->Next;
        _freeCount--;
        return region;
    }

    internal void Give(Region* region)
    {
        region->Next = _free;
        _free = region;
        _freeCount++;
    }
}
