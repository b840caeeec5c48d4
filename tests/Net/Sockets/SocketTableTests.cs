using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

public sealed class SocketTableTests
{
    private const int First = 100;
    private const int Capacity = 16 * 1024;

    [Fact]
    public void TheLowestFreeDescriptorIsGivenNext()
    {
        var table = new SocketTable(First, Capacity);
        for (int index = 0; index < 3; index++)
            Assert.True(table.TryAdd(this, out nint descriptor) && descriptor == First + index);
        Assert.Same(this, table.Remove(First + 1));
        Assert.Null(table.Remove(First + 1));
        Assert.True(table.TryAdd(this, out nint again));
        Assert.Equal(First + 1, again);
    }

    [Fact]
    public void AFullTableRefuses()
    {
        var table = new SocketTable(First, 2);
        Assert.True(table.TryAdd(this, out _) && table.TryAdd(this, out _));
        Assert.False(table.TryAdd(this, out nint descriptor));
        Assert.Equal(-1, descriptor);
    }

    // Whoever looks a socket up takes no lock: the longer table must have its contents before anybody sees it.
    [Fact]
    public void ADescriptorInUseStandsForItsSocketWhileTheTableGrows()
    {
        const int Rounds = 300, Full = Capacity / 2;
        object last = new();
        SocketTable? table = null;
        int missed = 0;
        bool ends = false;
        var reader = new Thread(() =>
        {
            while (!Volatile.Read(ref ends))
            {
                // The last place in use, which is copied last.
                if (Volatile.Read(ref table) is { } current && current.Find<object>(First + Full - 1) != last)
                    missed++;
            }
        })
        { IsBackground = true };
        reader.Start();
        for (int round = 0; round < Rounds; round++)
        {
            var next = new SocketTable(First, Capacity);
            for (int index = 0; index < Full; index++)
                next.TryAdd(last, out _);
            Volatile.Write(ref table, next);
            // The reader is at it by now; the next one makes the table grow.
            Thread.SpinWait(1000);
            Assert.True(next.TryAdd(last, out _));
        }

        Volatile.Write(ref ends, true);
        reader.Join();
        Assert.Equal(0, missed);
    }
}
