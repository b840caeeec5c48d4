using Troupe.Actors.TestKit;

namespace Troupe.Verification.Simulator.Tests;

/// <summary>What the cases would find, planted: each oracle says so.</summary>
public sealed class DeviceOracleTests
{
    private readonly GuardedMemory _memory = new();
    private readonly GuardedArena _arena;
    private readonly GuardedBlock _block;

    public DeviceOracleTests()
    {
        _arena = new(_memory, 1 << 16);
        _block = (GuardedBlock)_arena.Allocate(1000, 64);
    }

    [Fact]
    public void MemoryThatIsUsedAsItShouldBeIsInOrder()
    {
        _block.WriteUInt32(996, 7);
        _memory.At(_block.Address, 1000).Fill(1);
        _block.Dispose();
        _arena.DeviceWasReset();
        _memory.Check(freedToo: true);
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(999, 2)]
    [InlineData(0, 1001)]
    [InlineData(4096, 4)]
    public void ADeviceThatWasShownAnAddressOutsideOfItsBlockIsTold(int offset, int length)
    {
        _memory.At(_block.Address + (ulong)offset, length).Fill(1);
        Assert.Contains("Outside of the arena", Assert.Throws<InvariantException>(() => _memory.Check(freedToo: false)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(GuardedMemory.GuardLength - 1)]
    [InlineData(GuardedMemory.GuardLength + 1000)]
    [InlineData((2 * GuardedMemory.GuardLength) + 999)]
    public void AGuardThatWasChangedIsTold(int at)
    {
        _block.Bytes[at] ^= 1;
        Assert.Contains("guard", Assert.Throws<InvariantException>(() => _memory.Check(freedToo: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWriteToMemoryThatWasFreedIsTold()
    {
        _block.Dispose();
        _memory.At(_block.Address, 4).Fill(1);
        // In quarantine it is still the device's.
        _memory.Check(freedToo: true);
        _arena.DeviceWasReset();
        _block.Payload[7] = 1;
        Assert.Contains("freed", Assert.Throws<InvariantException>(() => _memory.Check(freedToo: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAddressOfMemoryThatWasFreedIsTold()
    {
        _block.Dispose();
        _arena.DeviceWasReset();
        _memory.At(_block.Address, 4);
        Assert.Contains("freed", Assert.Throws<InvariantException>(() => _memory.Check(freedToo: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAccessThatTheCapabilityRefusedIsSeenThoughSomebodyCatchesIt()
    {
        using ExceptionWatch watch = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => _block.ReadUInt16(1000));
        Assert.Contains(nameof(ArgumentOutOfRangeException), watch.Unexpected, StringComparison.Ordinal);
    }

    [Fact]
    public void AViolationIsNoExceptionThatNobodyExpects()
    {
        using ExceptionWatch watch = new();
        Assert.Throws<Drivers.Virtio.DeviceViolationException>((Action)(static () => throw new Drivers.Virtio.DeviceViolationException("a lie")));
        Assert.Null(watch.Unexpected);
    }

    [Theory]
    [InlineData(Plant.Nothing, null)]
    [InlineData(Plant.Failure, "the driver failed")]
    [InlineData(Plant.CaughtFailure, "somebody caught")]
    [InlineData(Plant.End, "The driver has ended")]
    [InlineData(Plant.Misuse, "no longer owned")]
    [InlineData(Plant.Leak, "never given back")]
    [InlineData(Plant.Quarantine, "in quarantine")]
    [InlineData(Plant.Silence, "Stuck: an answer")]
    [InlineData(Plant.WildWrite, "guard")]
    public void APlantedFaultOfADriverFailsItsCase(Plant plant, string? failure)
    {
        DeviceCaseReport report = DeviceCase.Run(1, DeviceKind.VirtioBlk, (_, random, host) => new PlantedBench(plant, random, host));
        if (failure is null)
            Assert.Null(report.Failure);
        else
            Assert.Contains(failure, report.Failure, StringComparison.Ordinal);
    }

    /// <summary>What is wrong with a driver.</summary>
    public enum Plant
    {
        Nothing,
        Failure,
        CaughtFailure,
        End,
        Misuse,
        Leak,
        Quarantine,
        Silence,
        WildWrite,
    }

    private sealed class PlantedBench(Plant plant, Random random, DeterministicHost host) : DeviceBench(random, host)
    {
        private GuardedBlock? _block;

        public override IReadOnlyList<Misbehaviour> Kinds => Enum.GetValues<Misbehaviour>();

        public override TimeSpan LongestWait => TimeSpan.FromSeconds(1);

        protected override bool HasEnded => plant == Plant.End;

        protected override long MisuseCount => plant == Plant.Misuse ? 1 : 0;

        protected override int RentedCount => plant == Plant.Leak ? 1 : 0;

        protected override long BytesInQuarantine => plant == Plant.Quarantine ? 1 : 0;

        public override Task StartAsync()
        {
            _block = (GuardedBlock)new GuardedArena(Memory, 4096).Allocate(100, 1);
            return Task.CompletedTask;
        }

        public override void Work()
        {
            if (plant == Plant.Failure)
                Failures.Add("the driver failed");
            if (plant == Plant.WildWrite)
                _block!.Bytes[3] ^= 1;
        }

        public override void Serve()
        {
            try
            {
                if (plant == Plant.CaughtFailure)
                    _block!.WriteUInt32(98, 1);
            }
            catch (ArgumentOutOfRangeException)
            {
                // As a driver might that takes its own bug for the device's.
            }
        }

        public override bool Misbehave(Misbehaviour kind) => true;

        public override void Heal()
        {
        }

        public override Task FinishAsync(TimeSpan latest) => UntilAsync(() => plant != Plant.Silence, latest, "an answer");

        public override Task<(long Violations, long Resets)> CountAsync() => Task.FromResult((0L, 0L));
    }
}
