using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

public sealed unsafe class PvhStartInfoTests : IDisposable
{
    private const ulong At = 0x1000;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly DescriptionBuffer _description = new();

    public void Dispose() => _description.Dispose();

    [Fact]
    public void VersionOneCarriesCommandLineModulesAndMemoryMap()
    {
        _machine.Place(At, StartInfo(version: 1, modules: 1, memoryRanges: 2));
        _machine.Place(0x2000, new TableBuilder().U64(0x40_0000).U64(0x1234).U64(0x5000).U64(0).ToArray());
        _machine.Place(0x3000, new TableBuilder()
            .U64(0).U64(0x9_FC00).U32(1).U32(0)
            .U64(0x10_0000).U64(0x1_0000_0000).U32(2).U32(0).ToArray());
        _machine.Place(0x4000, "quiet\0"u8.ToArray());

        Assert.True(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));

        MachineDescription* found = _description.Pointer;
        Assert.Equal(0x4000ul, found->CommandLine);
        Assert.Equal(0xF_5000ul, found->RootPointer);
        Assert.Equal(1, found->ModuleCount);
        Assert.Equal(0x40_0000ul, MachineDescription.Module(found, 0)->Address);
        Assert.Equal(0x1234ul, MachineDescription.Module(found, 0)->Length);
        Assert.Equal(0x5000ul, MachineDescription.Module(found, 0)->CommandLine);
        Assert.Equal(2, found->MemoryCount);
        Assert.Equal(0x9_FC00ul, MachineDescription.Memory(found, 0)->Length);
        Assert.Equal(MemoryKind.Usable, MachineDescription.Memory(found, 0)->Kind);
        Assert.Equal(0x1_0000_0000ul, MachineDescription.Memory(found, 1)->Length);
        Assert.Equal(MemoryKind.Reserved, MachineDescription.Memory(found, 1)->Kind);
        Assert.True(MachineDescription.Memory(found, 2) == null);
        Assert.Equal(0, found->Malformed);
    }

    [Fact]
    public void VersionZeroHasNoMemoryMap()
    {
        _machine.Place(At, StartInfo(version: 0, modules: 0, memoryRanges: 0)[..40]);

        Assert.True(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));
        Assert.Equal(0, _description.Pointer->MemoryCount);
        Assert.Equal(0xF_5000ul, _description.Pointer->RootPointer);
    }

    [Fact]
    public void AWrongMagicIsRefused()
    {
        byte[] bytes = StartInfo(version: 1, modules: 0, memoryRanges: 0);
        bytes[0] ^= 1;
        _machine.Place(At, bytes);

        Assert.False(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(0x7000ul)]
    [InlineData(ulong.MaxValue - 3)]
    public void AnAddressOutOfReachIsRefused(ulong address) =>
        Assert.False(PvhStartInfo<FakePhysicalMemory>.Read(address, _description.Pointer));

    [Fact]
    public void AMemoryMapThatRunsOutOfReachIsCutThere()
    {
        _machine.Place(At, StartInfo(version: 1, modules: 0, memoryRanges: uint.MaxValue));
        _machine.Place(0x3000, new TableBuilder().U64(0).U64(4096).U32(1).U32(0).ToArray());

        Assert.True(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));
        Assert.Equal(1, _description.Pointer->MemoryCount);
        Assert.True(_description.Pointer->Malformed > 0);
    }

    [Fact]
    public void RangesThatWrapAroundAreLeftOut()
    {
        _machine.Place(At, StartInfo(version: 1, modules: 0, memoryRanges: 2));
        _machine.Place(0x3000, new TableBuilder()
            .U64(ulong.MaxValue).U64(4096).U32(1).U32(0).U64(4096).U64(4096).U32(1).U32(0).ToArray());

        Assert.True(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));
        Assert.Equal(1, _description.Pointer->MemoryCount);
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    [Fact]
    public void RangesBeyondTheCapacityAreCounted()
    {
        _machine.Place(At, StartInfo(version: 1, modules: 0, memoryRanges: 200));
        var map = new TableBuilder();
        for (uint i = 0; i < 200; i++)
            map.U64(i * 0x1_0000).U64(0x1_0000).U32(1).U32(0);
        _machine.Place(0x3000, map.ToArray());

        Assert.True(PvhStartInfo<FakePhysicalMemory>.Read(At, _description.Pointer));
        Assert.Equal(MachineDescription.MaximumMemoryRanges, _description.Pointer->MemoryCount);
        Assert.Equal(1, _description.Pointer->Overflowed);
    }

    private static byte[] StartInfo(uint version, uint modules, uint memoryRanges) => new TableBuilder()
        .U32(0x336E_C578).U32(version).U32(0).U32(modules).U64(0x2000).U64(0x4000).U64(0xF_5000)
        .U64(0x3000).U32(memoryRanges).U32(0).ToArray();
}
