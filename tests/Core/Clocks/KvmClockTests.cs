using Troupe.Core.Machine;
using Clock = Troupe.Core.Machine.KvmClock<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters, Troupe.Core.Tests.FakeTimeStampCounter>;
using Monotonic = Troupe.Core.Machine.MonotonicClock<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters,
    Troupe.Core.Tests.FakeTimeStampCounter, Troupe.Core.Memory.ProcessorMemory>;

namespace Troupe.Core.Tests;

/// <summary>kvmclock cannot be executed where the tests run, so a made-up host plays its part of the ABI.</summary>
[Collection("clocks")]
public sealed unsafe class KvmClockTests
{
    private const ulong At = 0x20_0000;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly byte[] _memory = new byte[4096];

    public KvmClockTests()
    {
        _machine.Place(At, _memory);
        _machine.TimeStampStep = 0;
        Clock.Initialize(At);
    }

    [Theory]
    [InlineData(Hypervisor.Kvm, 1u << 3, true)]
    [InlineData(Hypervisor.Kvm, 1u << 0, false)]
    [InlineData(Hypervisor.Tcg, 1u << 3, false)]
    public void TheClockIsOfferedByItsFeatureBit(Hypervisor hypervisor, uint bits, bool expected)
    {
        _machine.Leaf(0x4000_0001, eax: bits);
        CpuFeatures features = default;
        features.Hypervisor = hypervisor;
        features.HypervisorBaseLeaf = 0x4000_0000;
        Assert.Equal(expected, Clock.IsOffered<FakeCpuid>(&features));
    }

    [Fact]
    public void EachProcessorNamesItsOwnRecord()
    {
        Clock.Enable(0);
        Clock.Enable(3);
        Assert.Equal([(0x4B56_4D01u, At | 1), (0x4B56_4D01u, (At + 192) | 1)], _machine.RegisterWrites);
        Assert.Equal(4096ul, Clock.MemorySize);
    }

    [Theory]
    // since, now, system time, multiplier, shift -> time
    [InlineData(1000ul, 1000ul, 5_000ul, 0x8000_0000u, 0, 5_000ul)]
    [InlineData(1000ul, 3000ul, 5_000ul, 0x8000_0000u, 0, 6_000ul)] // half a nanosecond a tick
    [InlineData(1000ul, 3000ul, 5_000ul, 0x8000_0000u, 1, 7_000ul)]
    [InlineData(1000ul, 3000ul, 5_000ul, 0x8000_0000u, -1, 5_500ul)]
    [InlineData(0ul, 1ul << 50, 0ul, 0xFFFF_FFFFu, 0, (1ul << 50) - (1ul << 18))] // beyond 32 bits
    [InlineData(3000ul, 1000ul, 5_000ul, 0x8000_0000u, 0, 5_000ul)] // the TSC was moved back: not before the host's own point
    public void TimeIsTheHostsPointAndTheScaledCounterSince(ulong since, ulong now, ulong systemTime, uint multiplier, int shift, ulong expected)
    {
        Record(1, version: 2, since, systemTime, multiplier, shift);
        _machine.TimeStamp = now;
        Assert.Equal(expected, Clock.Now(1));
    }

    [Fact]
    public void AnUpdateInTheMiddleIsReadAgain()
    {
        Record(0, version: 3, 0, 111, 0x8000_0000, 0);
        int reads = 0;
        _machine.ReadDevice = address =>
        {
            if (address != At)
                return null;
            // Odd for a while; then even but changed by the second look; then at rest.
            return ++reads switch
            {
                <= 4 => 3u,
                5 => 4u,
                6 => Update(6, 222),
                _ => 6u,
            };
        };
        _machine.TimeStamp = 0;
        Assert.Equal(222ul, Clock.Now(0));
        Assert.True(reads >= 8);
    }

    [Theory]
    [InlineData(0x8000_0000u, 0, 2_000_000_000ul)]
    [InlineData(0xD555_5555u, -1, 2_400_000_002ul)]
    [InlineData(0x8000_0000u, 1, 1_000_000_000ul)]
    [InlineData(0u, 0, 0ul)]
    [InlineData(1u, 100, 0ul)]
    public void TheScaleTellsTheCountersFrequency(uint multiplier, int shift, ulong expected)
    {
        Record(0, version: 2, 0, 0, multiplier, shift);
        Assert.InRange(Clock.Frequency(0), expected == 0 ? 0 : expected - 4, expected + 4);
    }

    [Fact]
    public void TheWallClockIsWrittenOnRequest()
    {
        byte[] scratch = new byte[12];
        _machine.Place(0x30_0000, scratch);
        BitConverter.TryWriteBytes(scratch, 2);
        BitConverter.TryWriteBytes(scratch.AsSpan(4), 1_700_000_000);
        BitConverter.TryWriteBytes(scratch.AsSpan(8), 123);
        ulong seconds;
        uint nanoseconds;
        Assert.True(Clock.ReadWallClock(0x30_0000, &seconds, &nanoseconds));
        Assert.Equal((1_700_000_000ul, 123u), (seconds, nanoseconds));
        Assert.Equal([(0x4B56_4D00u, 0x30_0000ul)], _machine.RegisterWrites);
    }

    [Fact]
    public void WithoutTheStableFlagTimeNeverGoesBackBetweenProcessors()
    {
        Record(0, version: 2, 0, 0, 0x8000_0000, 1);
        Record(1, version: 2, 0, 0, 0x8000_0000, 1);
        _machine.TimeStamp = 0;
        Monotonic.UseKvmClock(1_000_000_000, 0);
        _machine.TimeStamp = 1_000_000;
        long first = Monotonic.Now(0);
        _machine.TimeStamp = 999_000; // processor 1 is behind
        Assert.Equal(first, Monotonic.Now(1));
        _machine.TimeStamp = 1_000_001;
        Assert.True(Monotonic.Now(1) > first);
    }

    [Fact]
    public void TheCountersTimeStartsAtZeroAndIsNotNegativeBeforeIt()
    {
        Monotonic.UseTimeStampCounter(2_000_000_000, 1_000);
        _machine.TimeStamp = 900;
        Assert.Equal(0, Monotonic.Now(0));
        _machine.TimeStamp = 2_000_001_000;
        Assert.InRange(Monotonic.Now(0), 999_999_999, 1_000_000_000);
        Assert.InRange(Monotonic.ToTimeStamps(1_000_000), 1_999_999ul, 2_000_000ul);
        Assert.InRange(Monotonic.ToNanoseconds(2_000_000), 999_999ul, 1_000_000ul);
    }

    private uint Update(uint version, ulong systemTime)
    {
        Record(0, version, 0, systemTime, 0x8000_0000, 0);
        return version;
    }

    private void Record(int processor, uint version, ulong since, ulong systemTime, uint multiplier, int shift)
    {
        Span<byte> record = _memory.AsSpan(processor * 64, 32);
        BitConverter.TryWriteBytes(record, version);
        BitConverter.TryWriteBytes(record[8..], since);
        BitConverter.TryWriteBytes(record[16..], systemTime);
        BitConverter.TryWriteBytes(record[24..], multiplier);
        record[28] = (byte)shift;
    }
}
