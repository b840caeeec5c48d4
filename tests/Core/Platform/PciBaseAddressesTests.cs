using Troupe.Core.Machine;
using Bases = Troupe.Core.Machine.PciBaseAddresses<Troupe.Core.Machine.PciConfigurationPorts<Troupe.Core.Tests.FakePorts>>;
using WindowBases = Troupe.Core.Machine.PciBaseAddresses<Troupe.Core.Machine.PciConfigurationWindow<Troupe.Core.Tests.FakePhysicalMemory>>;

namespace Troupe.Core.Tests;

/// <summary>PCI Local Bus Specification 3.0, 6.2.5, against made-up functions whose registers keep the bits that the specification says.</summary>
public sealed unsafe class PciBaseAddressesTests : IDisposable
{
    private const ulong RamEnd = 0x1000_0000, Ceiling = 0xFEB0_0000;

    private readonly FakePciBus _bus = new(FakeMachine.Install());
    private readonly DescriptionBuffer _description = new();
    private readonly BaseAddressTable* _table = (BaseAddressTable*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(4096);

    public PciBaseAddressesTests()
    {
        MemoryMapEntry* ram = MachineDescription.AddMemory(_description.Pointer);
        ram->Address = 0;
        ram->Length = RamEnd;
        ram->Kind = MemoryKind.Usable;
        _bus.Add(0, 0);
    }

    public void Dispose()
    {
        System.Runtime.InteropServices.NativeMemory.Free(_table);
        _description.Dispose();
    }

    [Fact]
    public void TheTableFitsAPage() => Assert.True(sizeof(BaseAddressTable) <= 4096);

    [Fact]
    public void WhatFirmwareAssignedStaysAndIsSized()
    {
        FakePciFunction card = _bus.Add(3, 0).Memory(0, 0x4000, 0xFE00_0000).Memory64(4, 0x1_0000, 0x38_0000_0000).Ports(1, 0x40, 0xC000);
        Assign();
        Assert.Equal([(0, 0xFE00_0000UL, 0x4000UL, false), (1, 0xC000UL, 0x40UL, true), (4, 0x38_0000_0000UL, 0x1_0000UL, false)], Registers(3));
        Assert.Equal(0xFE00_0000U, card.Read(0x10));
        Assert.Equal(0xC001U, card.Read(0x14));
        Assert.Equal(0x0000_0004U, card.Read(0x20));
        Assert.Equal(0x38U, card.Read(0x24));
    }

    [Fact]
    public void WhatFirmwareLeftAtZeroGetsAnAlignedAddressBelowTheControllers()
    {
        FakePciFunction card = _bus.Add(3, 0).Memory(1, 0x1000, 0).Memory64(4, 0x4000, 0);
        Assign();
        List<(int Number, ulong Address, ulong Length, bool IsPort)> registers = Registers(3);
        Assert.Equal([(1, 0x1000UL), (4, 0x4000UL)], registers.Select(register => (register.Number, register.Length)));
        Assert.All(registers, register => Assert.True(register.Address >= RamEnd && register.Address + register.Length <= Ceiling && register.Address % register.Length == 0));
        Assert.Equal(registers[0].Address, card.Read(0x14));
        Assert.Equal(registers[1].Address, card.Read(0x20) & ~15U);
        Assert.Equal(0U, card.Read(0x24));
    }

    [Fact]
    public void NoTwoRegistersAndNoConfigurationWindowShareAnAddress()
    {
        EcamRange* window = MachineDescription.AddEcam(_description.Pointer);
        window->Address = 0xFE00_0000;
        window->LastBus = 3;
        _bus.Add(2, 0).Memory(0, 0x10_0000, 0xFEA0_0000);
        for (int device = 3; device < 12; device++)
        {
            _bus.Add(device, 0).Memory(0, 0x1000u << (device % 5), 0).Memory64(2, 0x8000, 0);
        }

        Assign();
        List<(ulong Start, ulong End)> ranges = [(0xFE00_0000, 0xFE40_0000)];
        for (int i = 0; i < _table->Count; i++)
        {
            BaseAddressRegister* register = BaseAddressTable.At(_table, i);
            Assert.NotEqual(0UL, register->Address);
            ranges.Add((register->Address, register->Address + register->Length));
        }

        Assert.Equal(20, ranges.Count);
        ranges.Sort();
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start, $"{pair}"));
    }

    [Fact]
    public void ARegisterThatFindsNoRoomHasNoAddress()
    {
        FakePciFunction card = _bus.Add(3, 0).Memory64(0, 1UL << 40, 0).Memory(2, 0x1000, 0);
        Assign();
        Assert.Equal([0UL, Ceiling - 0x1000], Registers(3).Select(register => register.Address));
        Assert.Equal(4U, card.Read(0x10));
    }

    [Fact]
    public void ADeviceThatIsSizedDecodesNothingMeanwhileAndAsBeforeAfterwards()
    {
        FakePciFunction card = _bus.Add(3, 0).Memory(0, 0x1000, 0xFE00_0000).Ports(1, 0x20, 0xC000);
        card.Command = 7;
        Assign();
        Assert.Equal(0, card.SizedWhileDecoding);
        Assert.Equal(7, card.Command);
        Assert.Equal(2, card.CommandWrites);
    }

    [Fact]
    public void MemoryIsDecodedOnceItHasAnAddressAndTheStatusIsLeftAlone()
    {
        FakePciFunction card = _bus.Add(3, 0).Memory(0, 0x1000, 0);
        FakePciFunction portsOnly = _bus.Add(4, 0).Ports(0, 0x20, 0xC000);
        Assign();
        Assert.Equal(2, card.Command);
        Assert.Equal(0, portsOnly.Command);
        Assert.Equal(0, card.StatusCleared);
    }

    [Fact]
    public void EachFunctionOfADeviceIsFoundAndASingleOneOnlyOnce()
    {
        _bus.Add(3, 0, isMultiFunction: true).Memory(0, 0x1000, 0);
        _bus.Add(3, 5).Memory(0, 0x1000, 0);
        _bus.Add(4, 0).Memory(0, 0x1000, 0);
        _bus.Add(4, 1).Memory(0, 0x1000, 0);
        Assign();
        Assert.Equal([0x1800U, 0x1D00U, 0x2000U], Functions());
    }

    [Fact]
    public void BehindABridgeRegistersAreSizedWhereFirmwareAssignedThemAndElseHaveNoAddress()
    {
        FakePciFunction bridge = _bus.Add(1, 0);
        bridge.HeaderType = 1;
        bridge.BusNumbers = 0x0002_0200;
        FakePciFunction far = _bus.Add(0, 0, bus: 2).Memory(0, 0x1000, 0xFD00_0000).Memory(1, 0x1000, 0);
        Assign();
        Assert.Equal([0x2_0000U, 0x2_0000U], Functions());
        Assert.Equal([0xFD00_0000UL, 0UL], Registers(0, bus: 2).Select(register => register.Address));
        Assert.Equal(0U, far.Read(0x14));
    }

    [Fact]
    public void ABridgeHasTwoRegistersAndTheBusNumbersBehindThemAreLeftAlone()
    {
        FakePciFunction bridge = _bus.Add(1, 0).Memory(0, 0x1000, 0);
        bridge.HeaderType = 1;
        bridge.BusNumbers = 0x0001_0100;
        Assign();
        Assert.Single(Registers(1));
        Assert.Equal(0x0001_0100U, bridge.BusNumbers);
    }

    [Fact]
    public void RegistersThatFindTheTableFullAreCounted()
    {
        for (int device = 1; device < 32; device++)
        {
            FakePciFunction card = _bus.Add(device, 0);
            for (int number = 0; number < 6; number++)
            {
                card.Memory(number, 0x1000, 0);
            }
        }

        Assign();
        Assert.Equal(BaseAddressTable.Maximum, _table->Count);
        Assert.Equal((31 * 6) - BaseAddressTable.Maximum, _table->Overflowed);
        Assert.True(BaseAddressTable.At(_table, BaseAddressTable.Maximum) == null);
    }

    [Fact]
    public void AMachineWithoutPciHasNone()
    {
        FakeMachine.Install();
        Assert.False(Bases.IsPresent());
        Bases.Assign(_description.Pointer, _table);
        Assert.Equal(0, _table->Count);
    }

    [Fact]
    public void AConfigurationWindowServesBusZeroAndNoOther()
    {
        const ulong Window = 0xE000_0000;
        FakePciFunction bridge = _bus.Add(1, 0).Memory(0, 0x1000, 0);
        bridge.HeaderType = 1;
        bridge.BusNumbers = 0x0001_0100;
        _bus.BehindWindow(Window);
        PciConfigurationWindow<FakePhysicalMemory>.Open(Window);
        Assert.True(WindowBases.IsPresent());
        WindowBases.Assign(_description.Pointer, _table);
        Assert.Equal([0x800U], Functions());
        Assert.Equal(BaseAddressTable.At(_table, 0)->Address, bridge.Read(0x10));
        Assert.Equal(2, bridge.Command);
    }

    private void Assign() => Bases.Assign(_description.Pointer, _table);

    private List<uint> Functions()
    {
        List<uint> functions = [];
        for (int i = 0; i < _table->Count; i++)
        {
            functions.Add(BaseAddressTable.At(_table, i)->Function);
        }

        return functions;
    }

    private List<(int Number, ulong Address, ulong Length, bool IsPort)> Registers(int device, int bus = 0)
    {
        List<(int, ulong, ulong, bool)> registers = [];
        for (int i = 0; i < _table->Count; i++)
        {
            BaseAddressRegister* register = BaseAddressTable.At(_table, i);
            if (register->Function == (uint)((bus << 16) | (device << 11)))
            {
                registers.Add((register->Number, register->Address, register->Length, register->IsPort));
            }
        }

        return registers;
    }
}
