using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

public sealed class BlockBatchTests
{
    private readonly BlockBufferPool _pool = BlockBufferPool.Create(2, 1024);

    [Fact]
    public void ABatchOwnsItsBuffers()
    {
        var batch = new BlockBatch(2);
        Assert.True(batch.TryAddRead(0, 2, Rent()));
        Assert.True(batch.TryAddWrite(2, 1, Rent()));
        Assert.True(batch.IsFull);
        Assert.False(_pool.TryRent(out _));
        var taken = batch.TakeBuffer(0);
        batch.Dispose();
        Assert.Equal(1, _pool.RentedCount);
        taken.Dispose();
        Assert.Equal(0, _pool.RentedCount);
    }

    [Fact]
    public void AnOldHandleDoesNotReachTheBuffersNewOwner()
    {
        var old = Rent();
        old.Dispose();
        var current = Rent();
        Assert.Throws<InvalidOperationException>(() => old.Data.Length);
        Assert.Equal(1, _pool.MisuseCount);
        Assert.Equal(1024, current.Length);
        current.Dispose();
    }

    [Fact]
    public void AnOperationIsNoLargerThanItsBuffer()
    {
        using var batch = new BlockBatch();
        var buffer = Rent();
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TryAddRead(0, 3, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TryAddRead(-1, 1, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TryAddWrite(0, 0, buffer));
        buffer.Dispose();
    }

    [Fact]
    public void WhileTheDeviceHasItNobodyElseUsesIt()
    {
        using var batch = new BlockBatch();
        Assert.True(batch.TryAddRead(0, 1, Rent()));
        batch.Begin();
        Assert.Throws<InvalidOperationException>(() => batch.TakeBuffer(0));
        Assert.Throws<InvalidOperationException>(batch.Clear);
        Assert.Throws<InvalidOperationException>(batch.Dispose);
        Assert.Equal(1, batch.EndAll(BlockStatus.DeviceReset));
        BlockBatch.Answer(batch, default, incarnation: 3);
        // Nobody waited for it.
        Assert.Equal(0, _pool.RentedCount);
        Assert.Throws<ObjectDisposedException>(batch.Clear);
    }

    [Fact]
    public void TheStatusOfABatchIsTheFirstThatIsNotDone()
    {
        using var batch = new BlockBatch(2);
        Assert.True(batch.TryAddDiscard(0, 1));
        Assert.True(batch.TryAddDiscard(1, 1));
        batch.AddFlush();
        Assert.Equal(BlockStatus.Pending, batch.Status);
        batch.Begin();
        batch.EndOperation(1, BlockStatus.DeviceFailed);
        batch.EndOperation(0, BlockStatus.Done);
        Assert.Equal(BlockStatus.DeviceFailed, batch.Status);
        Assert.False(batch.TryBeginFlush());
        Assert.Equal(BlockStatus.DeviceFailed, batch.FlushStatus);
        BlockBatch.Answer(batch, default, incarnation: 1);
    }

    [Fact]
    public void ADeviceThatBeginsTheFlushTooEarlyOrAnswersTooEarlyIsStopped()
    {
        var batch = new BlockBatch();
        Assert.True(batch.TryAddDiscard(0, 1));
        batch.AddFlush();
        batch.Begin();
        Assert.Throws<InvalidOperationException>(() => batch.TryBeginFlush());
        Assert.Throws<InvalidOperationException>(() => BlockBatch.Answer(batch, default, 1));
        batch.EndOperation(0, BlockStatus.Done);
        Assert.Throws<InvalidOperationException>(() => batch.EndOperation(0, BlockStatus.Done));
        Assert.True(batch.TryBeginFlush());
        Assert.Throws<InvalidOperationException>(() => BlockBatch.Answer(batch, default, 1));
    }

#if DEBUG
    [Fact]
    public void ADeviceThatFlushesTwiceIsNamedByTheContract()
    {
        var batch = new BlockBatch();
        batch.AddFlush();
        batch.Begin();
        Assert.True(batch.TryBeginFlush());
        var violation = Assert.Throws<ContractViolationException>(() => batch.TryBeginFlush());
        Assert.Equal(("block device", "device", "FlushBegun", "Flushing"), (violation.Contract, violation.Party, violation.SentMessage, violation.State));
    }
#endif

    private BlockBuffer Rent()
    {
        Assert.True(_pool.TryRent(out var buffer));
        return buffer;
    }
}
