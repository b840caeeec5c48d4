using System.Buffers.Binary;
using Troupe.Smp.Host;

namespace Troupe.Smp.Tests.Host;

/// <summary>What is written into a used ring for a device that breaks its rules (VIRTIO 1.2, section 2.7.8: flags, index, entries of identifier and length, event).</summary>
public sealed class UsedRingTests
{
    private const int Size = 8;
    private const ushort Before = 0xFFFE;

    private readonly byte[] _ring = new byte[4 + (Size * 8) + 2];
    private readonly Random _random = new(1);

    public UsedRingTests() => Index = Before;

    private ushort Index
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_ring.AsSpan(2));
        set => BinaryPrimitives.WriteUInt16LittleEndian(_ring.AsSpan(2), value);
    }

    [Fact]
    public void AnIndexAheadIsAheadByMoreThanNothing() =>
        Assert.All(Harmed(DeviceFault.IndexAhead), static index => Assert.InRange((ushort)(index - Before), 1, Size + 2));

    [Fact]
    public void AnIndexBackIsBackByMoreThanNothing() =>
        Assert.All(Harmed(DeviceFault.IndexBack), static index => Assert.InRange((ushort)(Before - index), 1, Size));

    [Theory]
    [InlineData("WrongIdentifier", 0)]
    [InlineData("WrongLength", 4)]
    public void AWrongNumberIsInTheEntryThatTheIndexThenCovers(string fault, int offset)
    {
        for (int times = 0; times < 100; times++)
        {
            _ring.AsSpan().Clear();
            Index = Before;
            UsedRing.Harm(_ring, Enum.Parse<DeviceFault>(fault), _random);
            Assert.Equal(Before + 1, Index);
            BinaryPrimitives.WriteUInt32LittleEndian(_ring.AsSpan(4 + (Before % Size * 8) + offset), 0);
            Index = 0;
            Assert.Equal(-1, _ring.AsSpan().IndexOfAnyExcept((byte)0));
        }
    }

    [Fact]
    public void ADuplicateIsTheLastCompletionOnceMore()
    {
        _random.NextBytes(_ring);
        Index = Before;
        byte[] last = [.. _ring.AsSpan(4 + ((Before - 1) % Size * 8), 8)];
        UsedRing.Harm(_ring, DeviceFault.DuplicateCompletion, _random);
        Assert.Equal(last, _ring.AsSpan(4 + (Before % Size * 8), 8));
        Assert.Equal(Before + 1, Index);
    }

    [Fact]
    public void TheSameSeedWritesTheSame()
    {
        foreach (DeviceFault fault in Enum.GetValues<DeviceFault>().Where(static fault => fault < DeviceFault.InterruptStorm))
        {
            byte[] once = [.. _ring], again = [.. _ring];
            UsedRing.Harm(once, fault, new Random(7));
            UsedRing.Harm(again, fault, new Random(7));
            Assert.Equal(once, again);
        }
    }

    private List<ushort> Harmed(DeviceFault fault)
    {
        List<ushort> indices = [];
        for (int times = 0; times < 1000; times++)
        {
            Index = Before;
            UsedRing.Harm(_ring, fault, _random);
            indices.Add(Index);
        }

        return indices;
    }
}
