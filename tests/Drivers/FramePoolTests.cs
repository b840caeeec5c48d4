using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

public sealed class FramePoolTests
{
    private static FramePool Pool(int count = 4) => FramePool.Create(new FramePoolOptions { FrameCount = count });

    [Fact]
    public void HeadersArePrependedAndTrimmedInPlace()
    {
        Assert.True(Pool().TryRent(out var frame));
        frame.Append([1, 2, 3]);
        var at = frame.PoolOffset;
        frame.Prepend(2).Fill(9);
        Assert.Equal([9, 9, 1, 2, 3], frame.Data.ToArray());
        Assert.Equal(at - 2, frame.PoolOffset);
        frame.TrimStart(2);
        frame.TrimEnd(1);
        Assert.Equal([1, 2], frame.Data.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => frame.Prepend(frame.Headroom + 1));
    }

    [Fact]
    public void AnOldHandleDoesNotReachTheFramesNewOwner()
    {
        var pool = Pool(1);
        Assert.True(pool.TryRent(out var old));
        old.Dispose();
        Assert.True(pool.TryRent(out var current));
        current.Append([1]);
        Assert.Throws<InvalidOperationException>(() => old.Data.Clear());
        // Throws in debug builds only; counted in all.
        Record.Exception(() => old.Dispose());
        Assert.Equal([1], current.Data.ToArray());
        Assert.Equal(2, pool.MisuseCount);
        Assert.Equal(1, pool.RentedCount);
    }

    [Fact]
    public void ADisposedBatchDisposesWhatWasNotTaken()
    {
        var pool = Pool();
        Assert.True(FrameBatchPool.Create(1).TryRent(out var batch));
        pool.TryRent(out var first);
        pool.TryRent(out var second);
        batch.TryAdd(first);
        batch.TryAdd(second);
        Assert.True(batch.TryTake(out var taken));
        Assert.Equal(first, taken);
        batch.Dispose();
        Assert.Equal(1, pool.RentedCount);
        taken.Dispose();
        Assert.Equal(0, pool.RentedCount);
    }

    [Fact]
    public async Task ThreadsNeverShareAFrame()
    {
        var pool = Pool(3);
        await Task.WhenAll(Enumerable.Range(1, 4).Select(thread => Task.Run(() =>
        {
            for (var round = 0; round < 100_000; round++)
            {
                if (pool.TryRent(out var frame))
                {
                    frame.Append(1)[0] = (byte)thread;
                    Assert.Equal(thread, frame.Data[0]);
                    frame.Dispose();
                }
            }
        })));
        Assert.Equal(0, pool.RentedCount);
        Assert.Equal(0, pool.MisuseCount);
    }
}
