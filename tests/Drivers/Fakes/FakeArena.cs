using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

internal sealed class FakeArena(FakeMemory memory, long limit = FakeArena.Ample) : DmaArena(limit)
{
    /// <summary>More than any test needs.</summary>
    public const long Ample = 1 << 26;

    public int Freed { get; private set; }

    /// <summary>How many of the next requests are refused.</summary>
    public int Refusals { get; set; }

    protected override DmaBlock AllocateCore(int length, int alignment)
    {
        if (Refusals > 0)
        {
            Refusals--;
            throw new CapabilityException("There is no memory.");
        }

        return memory.Add(this, length, alignment);
    }

    protected override void FreeCore(DmaBlock block)
    {
        Freed++;
        memory.Remove((FakeBlock)block);
    }
}
