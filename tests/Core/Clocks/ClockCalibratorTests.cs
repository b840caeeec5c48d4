using Troupe.Core.Machine;
using Apic = Troupe.Core.Machine.LocalApic<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters>;
using Calibrator = Troupe.Core.Machine.ClockCalibrator<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters,
    Troupe.Core.Tests.FakePorts, Troupe.Core.Tests.FakeCpuid, Troupe.Core.Tests.FakeTimeStampCounter>;

namespace Troupe.Core.Tests;

[Collection("local APIC")]
public sealed unsafe class ClockCalibratorTests
{
    private const ulong Frequency = 2_400_000_000;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private CpuFeatures _features;

    [Theory]
    [InlineData(true, ClockReference.PitChannel2)]
    [InlineData(false, ClockReference.PitChannel0)]
    public void TheIntervalTimerMeasuresWithinItsBoundAndInTime(bool hasControlPort, ClockReference reference)
    {
        var timer = new FakeIntervalTimer(_machine, Frequency, hasControlPort);
        ulong before = _machine.TimeStamp;

        ClockCalibration found = Calibrate();

        Assert.Equal(reference, found.Reference);
        AssertWithin(found.TimeStampCounterFrequency, Frequency, found.UncertaintyPartsPerMillion);
        Assert.InRange(found.UncertaintyPartsPerMillion, 1u, 500u);
        AssertWithin(found.ApicTimerFrequency, Frequency / 2, 1000);
        Assert.InRange(_machine.TimeStamp - before, 0ul, Frequency / 100);
        Assert.False(timer.Channel2GateIsOpen);
    }

    [Fact]
    public void AHostThatStealsTimeInsideAReadingDoesNotSpoilTheResult()
    {
        _ = new FakeIntervalTimer(_machine, Frequency);
        Action<ushort, uint> write = _machine.WritePort;
        int latches = 0;
        _machine.WritePort = (port, value) =>
        {
            write(port, value);
            if (port == 0x43 && ++latches % 3 == 0)
                _machine.TimeStamp += Frequency / 2000; // half a millisecond between latch and the second TSC value
        };

        ClockCalibration found = Calibrate();

        AssertWithin(found.TimeStampCounterFrequency, Frequency, 500);
    }

    [Fact]
    public void AReadingThatTheHostInterruptedDoesNotEndTheWindow()
    {
        _ = new FakeIntervalTimer(_machine, Frequency);
        Action<ushort, uint> write = _machine.WritePort;
        int latches = 0;
        _machine.WritePort = (port, value) =>
        {
            if (port == 0x43 && (value & 0xC0) == 0xC0 && ++latches == 5)
                _machine.TimeStamp += Frequency * 12 / 1000; // the first reading of the window, between the first TSC value and the latch
            write(port, value);
        };

        ClockCalibration found = Calibrate();

        AssertWithin(found.TimeStampCounterFrequency, Frequency, 500);
    }

    [Fact]
    public void AWindowOversleptBeyondTheTimersRangeIsNotMistakenForAShortOne()
    {
        _ = new FakeIntervalTimer(_machine, Frequency);
        Action<ushort, uint> write = _machine.WritePort;
        int latches = 0;
        _machine.WritePort = (port, value) =>
        {
            if (port == 0x43 && ++latches == 6)
                _machine.TimeStamp += Frequency / 10;
            write(port, value);
        };

        ClockCalibration found = Calibrate();

        AssertWithin(found.TimeStampCounterFrequency, Frequency, 1000); // from the other channel
        Assert.Equal(ClockReference.PitChannel0, found.Reference);
    }

    [Fact]
    public void ASlowPortIsUsedWithAnHonestBound()
    {
        _machine.PortCost = Frequency / 20_000; // 50 us per access
        _ = new FakeIntervalTimer(_machine, Frequency);

        ClockCalibration found = Calibrate();

        Assert.InRange(found.UncertaintyPartsPerMillion, 501u, 20_000u);
        AssertWithin(found.TimeStampCounterFrequency, Frequency, found.UncertaintyPartsPerMillion);
    }

    [Fact]
    public void KvmclocksFrequencyIsTakenAsTold()
    {
        ClockCalibration found = Calibrate(known: 2_399_999_000);
        Assert.Equal(ClockReference.Hypervisor, found.Reference);
        Assert.Equal(2_399_999_000ul, found.TimeStampCounterFrequency);
        AssertWithin(found.ApicTimerFrequency, 2_399_999_000 / 2, 1000);
    }

    [Fact]
    public void XensLeafTellsTheGuestsFrequency()
    {
        UnderHypervisor(Hypervisor.Xen, 0x4000_0100, 0x4000_0104);
        _machine.Leaf(0x4000_0103, ecx: 2_400_000);
        ClockCalibration found = Calibrate();
        Assert.Equal(ClockReference.Hypervisor, found.Reference);
        Assert.Equal(Frequency, found.TimeStampCounterFrequency);
    }

    [Fact]
    public void TheTimingLeafIsTakenWhereItExists()
    {
        UnderHypervisor(Hypervisor.Kvm, 0x4000_0000, 0x4000_0010);
        _machine.Leaf(0x4000_0010, eax: 2_400_000);
        Assert.Equal(ClockReference.Hypervisor, Calibrate().Reference);
    }

    [Fact]
    public void ACrystalOfKnownFrequencyGivesTheRatio()
    {
        _features.HighestBasicLeaf = 0x16;
        _machine.Leaf(0x15, eax: 2, ebx: 200, ecx: 24_000_000);
        ClockCalibration found = Calibrate();
        Assert.Equal(ClockReference.Crystal, found.Reference);
        Assert.Equal(Frequency, found.TimeStampCounterFrequency);
    }

    [Fact]
    public void WithoutTheCrystalsFrequencyTheBaseFrequencyServesOnBareMetal()
    {
        _features.HighestBasicLeaf = 0x16;
        _machine.Leaf(0x15, eax: 2, ebx: 200);
        _machine.Leaf(0x16, eax: 2400);
        Assert.Equal(ClockReference.BaseFrequency, Calibrate().Reference);
    }

    [Fact]
    public void AnEmulatorsLeavesAreNotBelieved()
    {
        _ = new FakeIntervalTimer(_machine, Frequency);
        UnderHypervisor(Hypervisor.Tcg, 0x4000_0000, 0x4000_0001);
        _features.HighestBasicLeaf = 0x16;
        _machine.Leaf(0x15, eax: 1, ebx: 100, ecx: 10_000_000);
        Assert.Equal(ClockReference.PitChannel2, Calibrate().Reference);
    }

    [Fact]
    public void AnAbsurdAnswerIsMeasuredInstead()
    {
        _ = new FakeIntervalTimer(_machine, Frequency);
        _features.HighestBasicLeaf = 0x16;
        _machine.Leaf(0x15, eax: uint.MaxValue, ebx: 1, ecx: 1);
        Assert.Equal(ClockReference.PitChannel2, Calibrate().Reference);
    }

    [Fact]
    public void AVirtualMachineWithoutTimerFallsBackToItsApic()
    {
        UnderHypervisor(Hypervisor.Kvm, 0x4000_0000, 0x4000_0001);
        ClockCalibration found = Calibrate(timeStampsPerTick: 3);
        Assert.Equal(ClockReference.ApicTimer, found.Reference);
        AssertWithin(found.TimeStampCounterFrequency, 3_000_000_000, 500);
        Assert.Equal(1_000_000_000ul, found.ApicTimerFrequency);
    }

    [Fact]
    public void AMachineWithoutAnyReferenceIsReported()
    {
        CpuFeatures features = _features;
        _ = new FakeLocalApic(_machine);
        Apic.Initialize(&features);
        ClockCalibration found;
        Assert.False(Calibrator.Calibrate(&features, 0, &found));
        Assert.Equal(ClockReference.None, found.Reference);
        Assert.Equal(0ul, found.TimeStampCounterFrequency);
    }

    private void UnderHypervisor(Hypervisor hypervisor, uint baseLeaf, uint highestLeaf)
    {
        _features.UnderHypervisor = true;
        _features.Hypervisor = hypervisor;
        _features.HypervisorBaseLeaf = baseLeaf;
        _features.HighestHypervisorLeaf = highestLeaf;
    }

    private ClockCalibration Calibrate(ulong known = 0, ulong timeStampsPerTick = 2)
    {
        _ = new FakeLocalApic(_machine, timeStampsPerTick);
        CpuFeatures features = _features;
        Apic.Initialize(&features);
        Apic.Enable(0xFF, 0xFE, 1);
        ClockCalibration found;
        Assert.True(Calibrator.Calibrate(&features, known, &found));
        return found;
    }

    private static void AssertWithin(ulong found, ulong expected, uint partsPerMillion)
    {
        double error = Math.Abs((double)found - expected) / expected * 1e6;
        Assert.True(error <= partsPerMillion, $"{found} instead of {expected}: {error:F0} ppm, bound {partsPerMillion}");
    }
}
