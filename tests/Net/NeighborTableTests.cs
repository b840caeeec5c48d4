using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

/// <summary>Who stays in a full table of neighbours, and which packets wait.</summary>
public sealed class NeighborTableTests
{
    private const int Capacity = 6;
    private const int WaitingBatches = 2;
    private const int WaitingPackets = 5;
    private const int Frames = 64;
    private readonly FramePool _frames = FramePool.Create(new FramePoolOptions { FrameCount = Frames });
    private readonly FrameBatchPool _batches = FrameBatchPool.Create(Frames);
    private readonly LayerCounters _counters = new("test");
    private readonly NeighborTable<int, Neighbor> _table;

    public NeighborTableTests() => _table = new(Capacity, WaitingBatches, WaitingPackets, _counters);

    [Fact]
    public void OpenQuestionsHaveHalfOfThePlacesAndTheOldestGoesWithItsPackets()
    {
        for (int neighbor = 0; neighbor < 4; neighbor++)
            Wait(Ask(neighbor));
        Assert.Equal([1, 2, 3], Known());
        Assert.Equal((3, 1L), (_table.Questions, _counters.Dropped(DropCause.TableFull)));
        Assert.Equal(3, _frames.RentedCount);
    }

    [Fact]
    public void AQuestionForWhichNothingWaitsGoesBeforeOneThatIsWaitedFor()
    {
        Ask(0);
        Wait(Ask(1));
        _table.DropWaiting();
        Wait(Ask(2));
        Ask(3);
        Assert.Equal([0, 2, 3], Known());
    }

    [Fact]
    public void StrangersPushOutStrangersAndQuestionsBeforeWhomSomethingIsSentTo()
    {
        _table.Use(Hear(0));
        Ask(1);
        for (int stranger = 2; stranger < 12; stranger++)
            Hear(stranger);
        Assert.Equal([0, 1, 8, 9, 10, 11], Known());
        Assert.True(_table.TryGet(0, out Neighbor? talkedTo) && _table.IsUsed(talkedTo));
        Assert.True(_table.TryGet(11, out Neighbor? stranger11) && !_table.IsUsed(stranger11));
    }

    [Fact]
    public void AQuestionTakesAStrangersPlace()
    {
        for (int stranger = 0; stranger < Capacity; stranger++)
            _table.Use(Hear(stranger));
        Hear(6);
        Ask(7);
        Assert.Equal([1, 2, 3, 4, 5, 7], Known());
    }

    [Fact]
    public void TheLatestBatchesWaitForANeighbor()
    {
        Neighbor neighbor = Ask(0);
        for (int mark = 1; mark <= 3; mark++)
            Wait(neighbor, mark: (byte)mark);
        Assert.Equal(1, _counters.Dropped(DropCause.Overflow));
        Assert.Equal([2, 3], Take(neighbor));
        Assert.False(neighbor.IsWaitedFor);
        Assert.Equal((0, 0), (_frames.RentedCount, _batches.RentedCount));
    }

    [Fact]
    public void WhereTooManyWaitThoseThatHaveWaitedLongestGiveWayAndTheirQuestionStaysOpen()
    {
        Neighbor first = Ask(0);
        Neighbor second = Ask(1);
        Wait(first, packets: 2);
        Wait(second, packets: 2);
        Wait(second, packets: 2);
        Assert.Equal((false, true), (first.IsWaitedFor, second.IsWaitedFor));
        Assert.Equal((2, 2L), (_table.Questions, _counters.Dropped(DropCause.Overflow)));
        // The next time it is not the one that has nothing left.
        Neighbor third = Ask(2);
        Wait(third, packets: 2);
        Assert.Equal((false, true), (second.IsWaitedFor, third.IsWaitedFor));
        Assert.Equal((2, 6L), (_frames.RentedCount, _counters.Dropped(DropCause.Overflow)));
        // And one for which packets wait again has waited since then.
        Wait(first, packets: 2);
        Wait(second, packets: 2);
        Assert.Equal((true, true, false), (first.IsWaitedFor, second.IsWaitedFor, third.IsWaitedFor));
        Wait(second, packets: 2);
        Assert.Equal((false, true, false), (first.IsWaitedFor, second.IsWaitedFor, third.IsWaitedFor));
    }

    [Fact]
    public void WhatWasTakenOrDroppedWaitsNoLonger()
    {
        Neighbor neighbor = Ask(0);
        for (int round = 0; round < 10; round++)
        {
            Wait(neighbor, packets: 4);
            Assert.Equal(4, Take(neighbor).Count);
            Wait(neighbor, packets: 4);
            _table.DropWaiting();
        }

        Assert.Equal((0L, 40L), (_counters.Dropped(DropCause.Overflow), _counters.Dropped(DropCause.Unresolved)));
        Assert.Equal((1, 0), (_table.Questions, _frames.RentedCount));
    }

    [Fact]
    public void OneThatIsRemovedGivesBackItsPlaceAndItsPackets()
    {
        for (int round = 0; round < 10; round++)
        {
            Neighbor neighbor = Ask(round);
            Wait(neighbor);
            _table.Remove(neighbor);
            Assert.Throws<ArgumentException>(() => _table.Use(neighbor));
        }

        Assert.Equal((0, 0, 0), (_table.Count, _table.Questions, _frames.RentedCount));
        Assert.Equal((10L, 0L), (_counters.Dropped(DropCause.Unresolved), _counters.Dropped(DropCause.TableFull)));
    }

    [Fact]
    public void ClearedItIsAsNew()
    {
        Wait(Ask(0));
        Hear(1);
        _table.Use(Hear(2));
        _table.Clear();
        Assert.Equal((0, 0, 0), (_table.Count, _table.Questions, _frames.RentedCount));
        for (int stranger = 0; stranger < Capacity; stranger++)
            Hear(stranger);
        Assert.Equal((Capacity, 0L), (_table.Count, _counters.Dropped(DropCause.TableFull)));
    }

    private Neighbor Ask(int neighbor)
    {
        var entry = new Neighbor(neighbor);
        _table.AddQuestion(entry);
        return entry;
    }

    private Neighbor Hear(int neighbor)
    {
        var entry = new Neighbor(neighbor);
        _table.AddStranger(entry);
        return entry;
    }

    private void Wait(Neighbor neighbor, int packets = 1, byte mark = 0)
    {
        Assert.True(_batches.TryRent(out FrameBatch batch));
        for (int packet = 0; packet < packets; packet++)
        {
            Assert.True(_frames.TryRent(out FrameBuffer frame));
            frame.Append([mark]);
            Assert.True(batch.TryAdd(frame));
        }

        _table.Wait(neighbor, batch);
    }

    private List<byte> Take(Neighbor neighbor)
    {
        List<byte> marks = [];
        while (_table.TryTakeWaiting(neighbor, out FrameBatch batch))
        {
            while (batch.TryTake(out FrameBuffer frame))
            {
                marks.Add(frame.Data[0]);
                frame.Dispose();
            }

            batch.Dispose();
        }

        return marks;
    }

    private IEnumerable<int> Known() => _table.Entries.Select(static entry => entry.Neighbor).Order();

    private sealed class Neighbor(int number) : NeighborEntry<int>(number);
}
