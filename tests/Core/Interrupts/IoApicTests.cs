using Troupe.Core.Machine;
using Controllers = Troupe.Core.Machine.IoApic<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.FakeProcessors>;

namespace Troupe.Core.Tests;

public sealed unsafe class IoApicTests : IDisposable
{
    private const ulong First = 0xFEC0_0000;
    private const ulong Second = 0xFEC1_0000;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly DescriptionBuffer _description = new();
    private readonly Dictionary<ulong, uint> _selected = [];
    private readonly Dictionary<(ulong, uint), uint> _registers = [];
    private readonly List<(uint Register, uint Value)> _writes = [];

    public IoApicTests()
    {
        _registers[(First, 1)] = 0x17_0020; // 24 pins
        _registers[(Second, 1)] = 0x07_0020; // 8 pins
        _machine.ReadDevice = address => _registers.GetValueOrDefault((address & ~0xFFul, _selected[address & ~0xFFul]));
        _machine.WriteDevice = (address, value) =>
        {
            ulong controller = address & ~0xFFul;
            if ((address & 0xFF) == 0)
            {
                _selected[controller] = value;
                return true;
            }

            _registers[(controller, _selected[controller])] = value;
            _writes.Add((_selected[controller], value));
            return true;
        };
        Add(First, 0);
        Add(Second, 24);
        Controllers.Initialize(_description.Pointer);
    }

    public void Dispose() => _description.Dispose();

    [Fact]
    public void EveryPinIsMaskedAtFirst()
    {
        for (uint pin = 0; pin < 24; pin++)
            Assert.Equal(0x1_0000u, _registers[(First, 0x10 + (2 * pin))]);
        Assert.Equal(24u, MachineDescription.IoApic(_description.Pointer, 0)->Pins);
        Assert.Equal(8u, MachineDescription.IoApic(_description.Pointer, 1)->Pins);
        Assert.False(_registers.ContainsKey((Second, 0x10 + (2 * 8))));
    }

    [Theory]
    [InlineData(InterruptPolarity.ActiveHigh, InterruptTrigger.Edge, 0x1_0031u)]
    [InlineData(InterruptPolarity.ActiveLow, InterruptTrigger.Level, 0x1_A031u)]
    [InlineData(InterruptPolarity.ActiveHigh, InterruptTrigger.Level, 0x1_8031u)]
    public void ARouteIsWrittenMaskedDestinationFirst(InterruptPolarity polarity, InterruptTrigger trigger, uint low)
    {
        _writes.Clear();
        Assert.True(Controllers.Route(26, 0x31, 5, polarity, trigger));
        Assert.Equal([(0x14u, 0x1_0000u), (0x15u, 5u << 24), (0x14u, low)], _writes);
        Assert.Equal(low, _registers[(Second, 0x14)]);
    }

    [Fact]
    public void MaskingLeavesTheRouteAlone()
    {
        Controllers.Route(3, 0x44, 1, InterruptPolarity.ActiveLow, InterruptTrigger.Level);
        Assert.True(Controllers.Unmask(3));
        Assert.Equal(0xA044u, _registers[(First, 0x16)]);
        Assert.True(Controllers.Mask(3));
        Assert.Equal(0x1_A044u, _registers[(First, 0x16)]);
    }

    [Theory]
    [InlineData(32u, 0u)]
    [InlineData(uint.MaxValue, 0u)]
    [InlineData(3u, 256u)]
    public void WhatNoControllerCanDoIsRefused(uint interrupt, uint apicId) =>
        Assert.False(Controllers.Route(interrupt, 0x31, apicId, InterruptPolarity.ActiveHigh, InterruptTrigger.Edge));

    private void Add(ulong address, uint interruptBase)
    {
        IoApicEntry* entry = MachineDescription.AddIoApic(_description.Pointer);
        entry->Address = address;
        entry->InterruptBase = interruptBase;
        entry->Pins = 0;
    }
}
