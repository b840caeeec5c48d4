using Troupe.Smp.Host.Pci;

namespace Troupe.Smp.Tests.Host;

/// <summary>What a driver is told of a base address register that it cannot have a window on.</summary>
public sealed class BaseAddressTests
{
    [Theory]
    [InlineData(0xFE00_0000, 0x1000, false, null)]
    [InlineData(0xC000, 0x40, true, null)]
    [InlineData(0, 0, false, "is empty")]
    [InlineData(0, 0x1000, false, "has no address assigned")]
    [InlineData(0, 0x40, true, "has no ports assigned")]
    [InlineData(0x40_0000_0000, 0x4000_0000, false, null)]
    [InlineData(0x40_0000_0000, 0x8000_0000, false, "has 2147483648 bytes, and a register window at most 2147483647")]
    public void ARegisterWithoutAWindowIsRefusedForWhatIsWrongWithIt(ulong address, ulong length, bool isPort, string? refusal) =>
        Assert.Equal(refusal, new BaseAddress(address, length, isPort).Refusal);
}
