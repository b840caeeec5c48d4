using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Verification.Protocols;

/// <summary>
/// The free list of a frame pool with fewer frames than there are takers: each takes and gives back, some twice. A frame has one owner at a time, and in the end all are free.
/// </summary>
internal sealed class FramePoolProtocol<TMemory, TWorld>(int takers, int turns) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const int Frames = 2;

    private readonly IndexStack<TMemory> _free = new(Frames);
    private readonly int[] _owners = new int[Frames];

    public override Action[] Processors => [.. Enumerable.Range(0, takers).Select(taker => (Action)(() => Take(taker == 0 ? turns : 1)))];

    public override void Check()
    {
        var free = new HashSet<int>();
        while (_free.TryPop(out var index)) Require(free.Add(index), "a frame is free twice");
        Require(free.Count == Frames, "a frame is lost");
    }

    private void Take(int times)
    {
        for (var turn = 0; turn < times; turn++)
        {
            // The one that takes twice holds both at once: so the list changes its order under the others (ABA).
            var first = TryTake(out var one);
            var second = TryTake(out var other);
            if (first) Return(one);
            if (second) Return(other);
        }
    }

    private bool TryTake(out int index)
    {
        if (!_free.TryPop(out index)) return false;
        Require(Interlocked.Increment(ref _owners[index]) == 1, "a frame has two owners");
        return true;
    }

    private void Return(int index)
    {
        Interlocked.Decrement(ref _owners[index]);
        _free.Push(index);
    }
}
