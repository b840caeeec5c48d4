using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class RunQueueTests
{
    [Fact]
    public void ItemsComeOutOldestFirstHoweverManyThereAre()
    {
        var queue = new RunQueue<Numbered, ProcessorMemory>(length: 2);
        for (int number = 0; number < 1000; number++)
            queue.Push(new Numbered(number));

        Assert.Equal(1000, queue.Count);
        for (int number = 0; number < 1000; number++)
            Assert.Equal(number, Take(queue));
        Assert.Null(Take(queue));
        Assert.Equal(1000, queue.Taken);
    }

    [Fact]
    public void GrowingInTheMiddleOfALapKeepsTheOrder()
    {
        var queue = new RunQueue<Numbered, ProcessorMemory>(length: 4);
        int taken = 0;
        for (int number = 0; number < 500; number++)
        {
            queue.Push(new Numbered(number));
            if (number % 3 == 0)
                Assert.Equal(taken++, Take(queue));
        }

        while (Take(queue) is { } item)
            Assert.Equal(taken++, item);
        Assert.Equal(500, taken);
    }

    [Fact]
    public void ThievesAndOwnerTakeEveryItemOnce()
    {
        const int Items = 200_000;
        var queue = new RunQueue<Numbered, ProcessorMemory>(length: 2);
        int[] taken = new int[Items];
        int left = Items;
        Thread[] thieves = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref left) > 0)
                Count(Take(queue));
        })
        { IsBackground = true }).ToArray();
        foreach (Thread thief in thieves)
            thief.Start();
        for (int number = 0; number < Items; number++)
        {
            queue.Push(new Numbered(number));
            if (number % 5 == 0)
                Count(TakeOwn());
        }

        while (Volatile.Read(ref left) > 0)
            Count(TakeOwn());
        foreach (Thread thief in thieves)
            thief.Join();
        Assert.All(taken, static times => Assert.Equal(1, times));

        int? TakeOwn() => queue.TryTakeClaimed(out Numbered item) || queue.TryClaim(3, out item) ? item.Number : null;

        void Count(int? item)
        {
            if (item is not { } number)
                return;
            Interlocked.Increment(ref taken[number]);
            Interlocked.Decrement(ref left);
        }
    }

    [Fact]
    public void WhatTheOwnerHasClaimedIsOutOfReachOfThievesAndSurvivesAFullRing()
    {
        var queue = new RunQueue<Numbered, ProcessorMemory>(length: 4);
        for (int number = 0; number < 4; number++)
            queue.Push(new Numbered(number));

        Assert.True(queue.TryClaim(3, out Numbered first));
        Assert.Equal(0, first.Number);
        Assert.Equal(1, queue.Count);
        Assert.Equal(3, Take(queue));
        for (int number = 4; number < 10; number++)
            queue.Push(new Numbered(number));

        Assert.True(queue.TryTakeClaimed(out Numbered second));
        Assert.True(queue.TryTakeClaimed(out Numbered third));
        Assert.Equal((1, 2), (second.Number, third.Number));
        Assert.False(queue.TryTakeClaimed(out _));
        for (int number = 4; number < 10; number++)
            Assert.Equal(number, Take(queue));
    }

    private static int? Take(RunQueue<Numbered, ProcessorMemory> queue) => queue.TryTake(out Numbered item) ? item.Number : null;

    private struct Numbered(object? number) : IRunQueueItem<Numbered>
    {
        private object? _number = number;

        public readonly int Number => (int)_number!;

        public static Numbered Load<TMemory>(ref Numbered slot) where TMemory : struct, IMemory => new(TMemory.LoadAcquire(ref slot._number));

        public static void Store<TMemory>(ref Numbered slot, Numbered item) where TMemory : struct, IMemory => TMemory.StoreRelease(ref slot._number, item._number);
    }
}
