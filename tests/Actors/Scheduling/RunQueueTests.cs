using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class RunQueueTests
{
    [Fact]
    public void ItemsComeOutOldestFirstHoweverManyThereAre()
    {
        var queue = new RunQueue<string, ProcessorMemory>(length: 2);
        for (int number = 0; number < 1000; number++)
            queue.Push($"{number}");

        Assert.Equal(1000, queue.Count);
        for (int number = 0; number < 1000; number++)
            Assert.Equal($"{number}", queue.TryTake());
        Assert.Null(queue.TryTake());
        Assert.Equal(1000, queue.Taken);
    }

    [Fact]
    public void GrowingInTheMiddleOfALapKeepsTheOrder()
    {
        var queue = new RunQueue<string, ProcessorMemory>(length: 4);
        int taken = 0;
        for (int number = 0; number < 500; number++)
        {
            queue.Push($"{number}");
            if (number % 3 == 0)
                Assert.Equal($"{taken++}", queue.TryTake());
        }

        while (queue.TryTake() is { } item)
            Assert.Equal($"{taken++}", item);
        Assert.Equal(500, taken);
    }

    [Fact]
    public void ThievesAndOwnerTakeEveryItemOnce()
    {
        const int Items = 200_000;
        var queue = new RunQueue<object, ProcessorMemory>(length: 2);
        int[] taken = new int[Items];
        int left = Items;
        Thread[] thieves = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref left) > 0)
                Count(queue.TryTake());
        })
        { IsBackground = true }).ToArray();
        foreach (Thread thief in thieves)
            thief.Start();
        for (int number = 0; number < Items; number++)
        {
            queue.Push(number);
            if (number % 5 == 0)
                Count(queue.TryTake());
        }

        while (Volatile.Read(ref left) > 0)
            Count(queue.TryTake());
        foreach (Thread thief in thieves)
            thief.Join();
        Assert.All(taken, static times => Assert.Equal(1, times));

        void Count(object? item)
        {
            if (item is null)
                return;
            Interlocked.Increment(ref taken[(int)item]);
            Interlocked.Decrement(ref left);
        }
    }
}
