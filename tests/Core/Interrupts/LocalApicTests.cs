using Troupe.Core.Machine;
using Apic = Troupe.Core.Machine.LocalApic<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters>;

namespace Troupe.Core.Tests;

/// <summary>The local APIC's state is static per platform, so what uses it runs in one collection.</summary>
[Collection("local APIC")]
public sealed unsafe class LocalApicTests
{
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly FakeLocalApic _apic;

    public LocalApicTests() => _apic = new FakeLocalApic(_machine);

    [Fact]
    public void WithoutX2ApicTheRegisterWindowIsUsed()
    {
        Enable(x2Apic: false);

        Assert.False(Apic.IsX2Apic);
        Assert.Equal(3u, Apic.Identifier);
        Assert.Equal(0x1FFu, _apic[0xF0]);
        Assert.Equal(0x1_0000u, _apic[0x350]);
        Assert.Equal(0x400u, _apic[0x360]); // NMI on input 1
        Assert.Equal(0xFEu, _apic[0x370]);
        Assert.Empty(_machine.RegisterWrites);
    }

    [Fact]
    public void X2ApicIsSwitchedOnWhereTheProcessorHasIt()
    {
        Enable(x2Apic: true);

        Assert.True(Apic.IsX2Apic);
        Assert.Equal((0x1Bu, 0xFEE0_0D00ul), _machine.RegisterWrites[0]);
        Assert.Contains((0x80Fu, 0x1FFul), _machine.RegisterWrites);
        Assert.Empty(_machine.DeviceWrites);
    }

    [Fact]
    public void ADisabledApicGoesThroughXApicToX2Apic()
    {
        _machine.ModelSpecificRegisters[0x1B] = 0xFEE0_0100;
        Enable(x2Apic: true);
        Assert.Equal([(0x1Bu, 0xFEE0_0900ul), (0x1Bu, 0xFEE0_0D00ul)], _machine.RegisterWrites[..2]);
    }

    [Fact]
    public void X2ApicThatFirmwareLeftOnIsKeptEvenIfCpuidHidesIt()
    {
        _machine.ModelSpecificRegisters[0x1B] = 0xFEE0_0D00;
        Enable(x2Apic: false);
        Assert.True(Apic.IsX2Apic);
    }

    [Theory]
    [InlineData("fixed", 0x4041u)]
    [InlineData("nmi", 0x4400u)]
    [InlineData("init", 0x4500u)]
    [InlineData("startup", 0x4608u)]
    public void InXApicModeTheDestinationIsWrittenBeforeTheCommand(string kind, uint command)
    {
        Enable(x2Apic: false);
        _machine.DeviceWrites.Clear();

        Assert.True(Send(kind, 5));

        Assert.Equal([(FakeLocalApic.Address + 0x310, 5u << 24), (FakeLocalApic.Address + 0x300, command)], _machine.DeviceWrites);
    }

    [Theory]
    [InlineData("fixed", 0x4041u)]
    [InlineData("nmi", 0x4400u)]
    [InlineData("init", 0x4500u)]
    [InlineData("startup", 0x4608u)]
    public void InX2ApicModeTheCommandIsOneWriteAfterAFence(string kind, uint command)
    {
        Enable(x2Apic: true);
        _machine.RegisterWrites.Clear();

        Assert.True(Send(kind, 0x1234));

        Assert.Equal([(0u, 0ul), (0x830u, (0x1234ul << 32) | command)], _machine.RegisterWrites);
    }

    [Fact]
    public void AnNmiToAllOthersLeavesOutTheSender()
    {
        Enable(x2Apic: false);
        Assert.True(Apic.SendNmiToOthers());
        Assert.Equal(0xC_4400u, _apic[0x300]);
    }

    [Fact]
    public void SendingWaitsForThePreviousInterrupt()
    {
        Enable(x2Apic: false);
        _apic.PendingPolls = 10;
        Assert.True(Apic.SendFixed(1, 0x41));
        Assert.Equal(0, _apic.PendingPolls);
    }

    [Fact]
    public void AnInterruptThatNeverLeavesIsReported()
    {
        Enable(x2Apic: false);
        _apic.PendingPolls = int.MaxValue;
        Assert.False(Apic.SendFixed(1, 0x41));
    }

    [Fact]
    public void AWideIdDoesNotFitXApicMode()
    {
        Enable(x2Apic: false);
        Assert.False(Apic.SendFixed(256, 0x41));
    }

    [Fact]
    public void AOneShotCountIsNeverZeroBecauseZeroStops()
    {
        Enable(x2Apic: false);
        Apic.ConfigureTimer(0x40, deadlineMode: false);
        Assert.Equal(0x40u, _apic[0x320]);
        Assert.Equal(0b1011u, _apic[0x3E0]);
        Apic.ArmTimerCount(0);
        Assert.Equal(1u, _apic[0x380]);
        Apic.StopTimer();
        Assert.Equal(0u, _apic[0x380]);
    }

    [Fact]
    public void ADeadlineIsWrittenAfterAFenceAndZeroBecomesThePast()
    {
        Enable(x2Apic: false);
        Apic.ConfigureTimer(0x40, deadlineMode: true);
        Assert.Equal(0x4_0040u, _apic[0x320]);
        _machine.RegisterWrites.Clear();
        Apic.ArmTimerDeadline(123_456);
        Apic.ArmTimerDeadline(0);
        Apic.StopTimer();
        Assert.Equal([(0u, 0ul), (0x6E0u, 123_456ul), (0u, 0ul), (0x6E0u, 1ul), (0x6E0u, 0ul)], _machine.RegisterWrites);
    }

    [Fact]
    public void ErrorsAreLatchedByAWriteBeforeTheyAreRead()
    {
        Enable(x2Apic: false);
        _machine.DeviceWrites.Clear();
        Apic.ReadErrors();
        Assert.Equal([(FakeLocalApic.Address + 0x280, 0u)], _machine.DeviceWrites);
    }

    private static bool Send(string kind, uint destination) => kind switch
    {
        "fixed" => Apic.SendFixed(destination, 0x41),
        "nmi" => Apic.SendNmi(destination),
        "init" => Apic.SendInit(destination),
        _ => Apic.SendStartup(destination, 8),
    };

    private static void Enable(bool x2Apic)
    {
        CpuFeatures features = default;
        features.X2Apic = x2Apic;
        Apic.Initialize(&features);
        Apic.Enable(0xFF, 0xFE, 1);
    }
}
