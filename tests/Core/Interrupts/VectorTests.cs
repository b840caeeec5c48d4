using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Core.Tests;

public sealed class VectorTests
{
    [Fact]
    public void AMessageNamesProcessorAndVector()
    {
        Assert.True(MessageSignalled.Compose(0x12, 0x45, out ulong address, out uint data));
        Assert.Equal(0xFEE1_2000ul, address);
        Assert.Equal(0x45u, data);
        Assert.False(MessageSignalled.Compose(256, 0x45, out _, out _));
    }

    /// <summary>One test, since the table is static: all 192 vectors once, none twice, and a freed one again.</summary>
    [Fact]
    public async Task EveryVectorIsHandedOutOnceAlsoToCompetingProcessors()
    {
        Assert.True(VectorTable<ProcessorMemory>.TryReserve(0x40));
        Assert.False(VectorTable<ProcessorMemory>.TryReserve(0x40));
        Assert.False(VectorTable<ProcessorMemory>.TryReserve(0x2F));
        Assert.False(VectorTable<ProcessorMemory>.TryReserve(0xF0));

        var takers = new Task<List<int>>[4];
        for (int i = 0; i < takers.Length; i++)
            takers[i] = Task.Run(TakeAll);
        List<int>[] taken = await Task.WhenAll(takers);

        IEnumerable<int> expected = Enumerable.Range(0x30, 192).Where(vector => vector != 0x40);
        Assert.Equal(expected, taken.SelectMany(vectors => vectors).Order());
        Assert.True(VectorTable<ProcessorMemory>.Free(0xEF));
        Assert.False(VectorTable<ProcessorMemory>.Free(0xEF));
        Assert.Equal(0xEF, VectorTable<ProcessorMemory>.Allocate());
        Assert.Equal(-1, VectorTable<ProcessorMemory>.Allocate());
        for (int vector = 0x30; vector <= 0xEF; vector++)
            Assert.True(VectorTable<ProcessorMemory>.Free(vector));
    }

    [Fact]
    public void TheLegacyControllersAreMovedAwayAndMasked()
    {
        FakeMachine machine = FakeMachine.Install();
        var data = new Dictionary<ushort, List<uint>> { [0x21] = [], [0xA1] = [] };
        machine.WritePort = (port, value) =>
        {
            if (data.TryGetValue(port, out List<uint>? writes))
                writes.Add(value);
        };
        LegacyInterruptController<FakePorts>.Disable(0x20);
        Assert.Equal([0x20u, 4u, 1u, 0xFFu], data[0x21]);
        Assert.Equal([0x28u, 2u, 1u, 0xFFu], data[0xA1]);
    }

    private static List<int> TakeAll()
    {
        var taken = new List<int>();
        for (int vector; (vector = VectorTable<ProcessorMemory>.Allocate()) >= 0;)
            taken.Add(vector);
        return taken;
    }
}
