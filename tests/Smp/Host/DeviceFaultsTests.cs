using Troupe.Smp.Host;

namespace Troupe.Smp.Tests.Host;

/// <summary>The guards around the memory that a device can reach, in an image with that hook.</summary>
public sealed unsafe class DeviceFaultsTests : IDisposable
{
    private const int Length = 100;

    private readonly byte* _memory = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(Length + (2 * DeviceFaults.GuardLength));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(Length - 1, 0)]
    [InlineData(-1, 1)]
    [InlineData(-DeviceFaults.GuardLength, 1)]
    [InlineData(Length, 1)]
    [InlineData(Length + DeviceFaults.GuardLength - 1, 1)]
    public void AnOctetIsMissedInTheGuardsOnly(int at, int changed)
    {
        (long blocksBefore, long before) = DeviceFaults.Look();
        PhysicalDmaBlock block = new(new PhysicalDmaArena(Length), _memory + DeviceFaults.GuardLength, Length);
        DeviceFaults.Allocated(block);
        Assert.Equal((blocksBefore + 1, before), DeviceFaults.Look());
        block.Address[at] ^= 1;
        Assert.Equal(before + changed, DeviceFaults.Look().Changed);
        DeviceFaults.Freed(block);
        Assert.Equal(before + changed, DeviceFaults.Look().Changed);
    }

    [Fact]
    public void WithoutARingNothingIsDone() => Assert.Null(DeviceFaults.Harm(new Random(1)));

    public void Dispose() => System.Runtime.InteropServices.NativeMemory.Free(_memory);
}
