using Troupe.Core.Machine;
using Troupe.Core.Machine.Xen;
using Domain = Troupe.Core.Machine.Xen.XenDomain<Troupe.Core.Tests.Xen.FakeHypercalls>;

namespace Troupe.Core.Tests.Xen;

/// <summary>What a domain asks of Xen, in the shapes of Xen's headers.</summary>
public sealed unsafe class XenDomainTests
{
    private readonly FakeMachine _machine = FakeMachine.Install();

    [Fact]
    public void ThePageOfCallsIsToldToTheRegisterThatCpuidNames()
    {
        CpuFeatures features = default;
        features.HypervisorBaseLeaf = 0x4000_0100;
        _machine.Leaf(0x4000_0102, eax: 1, ebx: 0x4000_0200);
        Domain.Open<FakeCpuid, FakeModelSpecificRegisters>(&features, 0x20_1000);
        Assert.Equal([(0x4000_0200u, 0x20_1000ul)], _machine.RegisterWrites);
    }

    [Theory]
    [InlineData(0x4000_0004u, 8u, 5u)] // told
    [InlineData(0x4000_0004u, 0u, 2u)] // the leaf is there, the number is not
    [InlineData(0x4000_0003u, 8u, 2u)] // no such leaf
    public void AProcessorsNumberIsXensWhereXenTellsIt(uint highest, uint flags, uint expected)
    {
        CpuFeatures features = default;
        features.HypervisorBaseLeaf = 0x4000_0000;
        features.HighestHypervisorLeaf = highest;
        _machine.Leaf(0x4000_0004, eax: flags, ebx: 5);
        Assert.Equal(expected, Domain.ProcessorId<FakeCpuid>(&features, 2));
    }

    [Fact]
    public void AParameterIsAskedForByItsNumber()
    {
        FakeHypercalls.Install((number, operation, argument, _) =>
        {
            Assert.Equal((34ul, 1ul), (number, operation));
            Assert.Equal(0x7FF0, *(ushort*)argument);
            Assert.Equal(17u, *(uint*)(argument + 4));
            *(ulong*)(argument + 8) = 0xFEFFC;
            return 0;
        });
        ulong value;
        Assert.True(Domain.TryGetParameter(XenParameter.ConsolePage, &value));
        Assert.Equal(0xFEFFCul, value);
    }

    [Fact]
    public void AProcessorsRecordIsPlacedByPageAndOffset()
    {
        FakeHypercalls.Install((number, operation, processor, argument) =>
        {
            Assert.Equal((24ul, 10ul, 3ul), (number, operation, processor));
            Assert.Equal(0x1234ul, *(ulong*)argument);
            Assert.Equal(0xC0u, *(uint*)(argument + 8));
            return 0;
        });
        Assert.Equal(0, Domain.PlaceProcessorInfo(3, 0x123_40C0));
    }

    [Fact]
    public void TheWallClockIsReadUnderItsVersion()
    {
        const ulong At = 0x30_0000;
        var page = new byte[4096];
        BitConverter.TryWriteBytes(page.AsSpan(3072), 2u);
        BitConverter.TryWriteBytes(page.AsSpan(3076), 1_790_000_000u);
        BitConverter.TryWriteBytes(page.AsSpan(3080), 5u);
        _machine.Place(At, page);
        ulong seconds;
        uint nanoseconds;
        Assert.True(XenSharedInfo.ReadWallClock<FakePhysicalMemory>(At, &seconds, &nanoseconds));
        Assert.Equal((1_790_000_000ul, 5u), (seconds, nanoseconds));
    }
}
