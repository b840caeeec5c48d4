using Troupe.Core.Memory;

namespace Troupe.Drivers.Contracts;

/// <inheritdoc/>
internal sealed class SlotPool<TMemory> : SlotPool where TMemory : struct, IMemory
{
    private readonly IndexStack<TMemory> _free;
    private long _exhausted;
    private long _misused;

    public SlotPool(int count) => _free = new IndexStack<TMemory>(count);

    public override long ExhaustedCount => TMemory.LoadAcquire(ref _exhausted);

    public override long MisuseCount => TMemory.LoadAcquire(ref _misused);

    public override bool TryTake(out int index)
    {
        if (_free.TryPop(out index))
        {
            return true;
        }

        TMemory.Add(ref _exhausted, 1);
        return false;
    }

    public override bool TryEndRental(PoolSlot slot, int generation) =>
        TMemory.CompareExchange(ref slot.Generation, unchecked(generation + 1), generation) == generation;

    public override void Release(int index) => _free.Push(index);

    public override void CountMisuse() => TMemory.Add(ref _misused, 1);
}
