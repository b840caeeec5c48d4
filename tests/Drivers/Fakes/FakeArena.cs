using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

internal sealed class FakeArena(FakeMemory memory, long limit = 1 << 26) : DmaArena(limit)
{
    public int Freed { get; private set; }

    protected override DmaBlock AllocateCore(int length, int alignment) => memory.Add(this, length, alignment);

    protected override void FreeCore(DmaBlock block)
    {
        Freed++;
        memory.Remove((FakeBlock)block);
    }
}
