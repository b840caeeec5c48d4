using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class ReassemblyQueueTests(ITestOutputHelper output)
{
    private const int Block = ReassemblyQueue.BlockSize;

    [Fact]
    public void OctetsComeOutAsTheyWentInOnceTheHoleBeforeThemIsFilled()
    {
        ReassemblyQueue queue = new(4, new(4));
        Assert.True(queue.TryAdd(new(100), [1, 2, 3]));
        Assert.True(queue.Read(new(99)).IsEmpty);
        Assert.Equal([1, 2, 3], queue.Read(new(100)).ToArray());
        Assert.Equal([2, 3], queue.Read(new(101)).ToArray());
    }

    [Fact]
    public void RunsThatOverlapOrTouchBecomeOne()
    {
        ReassemblyQueue queue = new(4, new(4));
        queue.TryAdd(new(100), new byte[10]);
        queue.TryAdd(new(120), new byte[10]);
        Assert.Equal(2, queue.Count);
        queue.TryAdd(new(105), new byte[15]);
        Assert.Equal((1, 30), (queue.Count, queue.Octets));
        Assert.True(queue.Holds(new(100), 30));
        Assert.False(queue.Holds(new(100), 31));
    }

    [Fact]
    public void SmallSegmentsTakeNoMoreMemoryThanLargeOnes()
    {
        ReassemblyBudget budget = new(4);
        ReassemblyQueue queue = new(Block, budget);
        for (int octet = 0; octet < 4 * Block; octet += 8)
            Assert.True(queue.TryAdd(new((uint)octet), new byte[4]));
        Assert.False(queue.TryAdd(new(4 * Block), new byte[4]));
    }

    [Fact]
    public void WhatFindsNoMemoryIsNotHeld()
    {
        ReassemblyQueue queue = new(4, new(1));
        Assert.True(queue.TryAdd(new(Block - 2), new byte[10]));
        Assert.Equal(2, queue.Octets);
        Assert.False(queue.TryAdd(new(Block), new byte[10]));
        Assert.Equal(2, queue.Octets);
    }

    [Fact]
    public void MemoryGoesBackAsSoonAsItsOctetsAreRead()
    {
        ReassemblyBudget budget = new(2);
        ReassemblyQueue queue = new(4, budget);
        queue.TryAdd(new(10), new byte[Block]);
        Assert.False(budget.TryTake());
        queue.Release(new(Block + 5));
        Assert.True(budget.TryTake());
        Assert.False(budget.TryTake());
        queue.Release(new(Block + 10));
        Assert.True(budget.TryTake());
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void ClearingGivesAllMemoryBack()
    {
        ReassemblyBudget budget = new(8);
        ReassemblyQueue queue = new(4, budget);
        queue.TryAdd(new(Block), new byte[3 * Block]);
        queue.TryAdd(new(5 * Block), new byte[Block]);
        queue.Clear();
        Assert.True(budget.TryTake(8));
    }

    // Against a dictionary of octets, across the wrap of the sequence numbers.
    [Fact]
    public void AgreesWithAModel()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        ReassemblyBudget budget = new(64);
        ReassemblyQueue queue = new(8, budget);
        SequenceNumber next = new(uint.MaxValue - 100_000);
        Dictionary<uint, byte> model = [];
        for (int step = 0; step < 20_000; step++)
        {
            SequenceNumber at = next + random.Next(1, 40_000);
            byte[] octets = new byte[random.Next(1, 3000)];
            for (int index = 0; index < octets.Length; index++)
                octets[index] = (byte)((at + index).Value * 7);
            if (queue.TryAdd(at, octets))
            {
                for (int index = 0; index < octets.Length; index++)
                    model[(at + index).Value] = octets[index];
            }

            Assert.Equal(model.Count, queue.Octets);
            if (random.Next(3) == 0)
            {
                next += random.Next(2000);
                while (queue.Read(next) is { IsEmpty: false } held)
                {
                    for (int index = 0; index < held.Length; index++)
                        Assert.Equal(model[(next + index).Value], held[index]);
                    next += held.Length;
                }

                queue.Release(next);
                foreach (uint old in model.Keys.Where(number => new SequenceNumber(number) < next).ToList())
                    model.Remove(old);
                Assert.False(model.ContainsKey(next.Value));
            }
        }

        queue.Clear();
        Assert.True(budget.TryTake(64));
    }
}
