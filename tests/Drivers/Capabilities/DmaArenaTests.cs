using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

public sealed class DmaArenaTests
{
    private readonly FakeArena _arena = new(new FakeMemory(), limit: 100);

    [Fact]
    public void ADisposedBlockIsNotFreedBeforeTheDeviceWasReset()
    {
        _arena.Allocate(60, 1).Dispose();
        Assert.Equal(0, _arena.Freed);
        Assert.Equal(0, _arena.BytesInUse);
        Assert.Equal(60, _arena.BytesInQuarantine);
        _arena.DeviceWasReset();
        Assert.Equal(1, _arena.Freed);
        Assert.Equal(0, _arena.BytesInQuarantine);
    }

    [Fact]
    public void AResetLeavesBlocksInUseAlone()
    {
        var block = _arena.Allocate(60, 4);
        _arena.DeviceWasReset();
        block.WriteUInt32(0, 7);
        Assert.Equal(7u, block.ReadUInt32(0));
        Assert.Equal(60, _arena.BytesInUse);
        Assert.Equal(0, _arena.Freed);
    }

    [Fact]
    public void MemoryInQuarantineCountsAgainstTheLimit()
    {
        _arena.Allocate(60, 1).Dispose();
        Assert.Throws<CapabilityException>(() => _arena.Allocate(60, 1));
        _arena.DeviceWasReset();
        Assert.Equal(60, _arena.Allocate(60, 1).Length);
    }

    [Fact]
    public void ABlockDisposedTwiceIsFreedOnce()
    {
        var block = _arena.Allocate(60, 1);
        block.Dispose();
        block.Dispose();
        Assert.Equal(60, _arena.BytesInQuarantine);
        _arena.DeviceWasReset();
        block.Dispose();
        _arena.DeviceWasReset();
        Assert.Equal(1, _arena.Freed);
    }

    [Fact]
    public void ADisposedBlockRefusesEveryTypedAccess()
    {
        var block = _arena.Allocate(16, 8);
        var other = _arena.Allocate(16, 8);
        block.Dispose();
        Assert.True(block.IsDisposed);
        Assert.All(
            (Action[])
            [
                () => block.ReadUInt16(0), () => block.ReadUInt32(0), () => block.ReadUInt16Acquire(0), () => block.ReadUInt32Acquire(0),
                () => block.WriteUInt16(0, 0), () => block.WriteUInt32(0, 0), () => block.WriteUInt16Release(0, 0), () => block.WriteUInt32Release(0, 0),
                () => block.StoreAddress(0, other, 0), () => other.StoreAddress(0, block, 0),
            ],
            access => Assert.Throws<ObjectDisposedException>(access));
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    public void AnAccessOutsideABlockOrMisalignedIsRefused(int offset)
    {
        var block = _arena.Allocate(16, 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.ReadUInt16(offset));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.WriteUInt32Release(offset, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => block.StoreAddress(offset, block, 0));
    }

    [Fact]
    public void ADeviceIsNotShownAnotherDevicesMemory()
    {
        var foreign = new FakeArena(new FakeMemory()).Allocate(16, 8);
        var block = _arena.Allocate(16, 8);
        Assert.Throws<CapabilityException>(() => block.StoreAddress(0, foreign, 0));
    }

    [Fact]
    public void RevokingTakesEveryBlockAndGivesNoMore()
    {
        var block = _arena.Allocate(16, 8);
        _arena.Revoke();
        Assert.Throws<ObjectDisposedException>(() => block.ReadUInt16(0));
        Assert.Throws<CapabilityException>(() => _arena.Allocate(1, 1));
        // The device may still write there: who revokes does not know that it was reset.
        Assert.Equal(16, _arena.BytesInQuarantine);
        Assert.Equal(0, _arena.Freed);
        Assert.True(_arena.IsRevoked);
    }

    [Fact]
    public void AResetThatIsReportedAfterTheGrantsWereRevokedFreesNothing()
    {
        // Clients of the driver may read the second for as long as they like: it was disposed of by nobody who knows them.
        _arena.Allocate(16, 8).Dispose();
        var lent = _arena.Allocate(16, 8).Memory;
        _arena.Revoke();
        Assert.Throws<CapabilityException>(_arena.DeviceWasReset);
        Assert.Equal((0, 32L), (_arena.Freed, _arena.BytesInQuarantine));
        lent.Span.Clear();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    [InlineData(1, 8192)]
    public void ALengthOrAlignmentThatMakesNoSenseIsRefused(int length, int alignment) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _arena.Allocate(length, alignment));

    [Fact]
    public void AnAllocationThatFailsCostsNothing()
    {
        Assert.Throws<CapabilityException>(() => _arena.Allocate(101, 1));
        Assert.Equal(0, _arena.BytesInUse);
        Assert.Equal(100, _arena.Allocate(100, 1).Length);
    }
}
