// VIRTIO 1.2, 2.8: the driver's side of a packed virtqueue alone, against a device's side that the test plays by hand.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class PackedVirtqueueTests
{
    private const int Size = 4;

    /// <summary>Positions of descriptors run in 16 bits; more than that go through the ring.</summary>
    private const int Many = (1 << 16) + 100;

    private readonly FakeMemory _fakeMemory = new();
    private readonly FakeArena _arena;
    private readonly DmaBlock _memory;
    private FakeVirtioDevice _device = null!;
    private Virtqueue _queue = null!;

    public PackedVirtqueueTests()
    {
        _arena = new FakeArena(_fakeMemory);
        _memory = _arena.Allocate(256, 64);
        Create(VirtioFeatures.EventIndex);
    }

    private FakeQueue DeviceSide => _device.Queues[0];

    private FakePackedRing Ring => DeviceSide.Packed;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(64)]
    public void WhateverIsAddedComesBackOnceInWhicheverOrderTheDeviceEndsIt(int size)
    {
        Create(VirtioFeatures.EventIndex, size);
        var random = new Random(1);
        var lengths = new Dictionary<int, int[]>();
        var atDevice = new List<int>();
        for (var descriptors = 0; descriptors < Many;)
        {
            int[] shape = [.. Enumerable.Range(0, 1 + random.Next(Math.Min(3, size))).Select(_ => 1 + random.Next(16))];
            var reads = random.Next(shape.Length + 1);
            if (TryAdd(shape, reads, out var head))
            {
                Assert.True(lengths.TryAdd(head, [reads, .. shape]), "two buffers in flight have one name");
                descriptors += shape.Length;
            }

            if (random.Next(2) == 0)
            {
                _queue.Publish();
            }

            while (random.Next(4) != 0 && DeviceSide.TryPop(out var seen, out var pieces))
            {
                var expected = lengths[seen];
                Assert.Equal(expected[1..], pieces.Select(static piece => piece.Length));
                Assert.Equal(pieces.Select((_, index) => index >= expected[0]), pieces.Select(static piece => piece.Writable));
                atDevice.Add(seen);
            }

            while (atDevice.Count > 0 && random.Next(3) != 0)
            {
                var ended = atDevice[random.Next(atDevice.Count)];
                atDevice.Remove(ended);
                var written = lengths[ended][1..].Skip(lengths[ended][0]).Sum();
                DeviceSide.Push((uint)ended, (uint)written);
                Assert.True(_queue.TryTakeUsed(out var used));
                Assert.Equal((ended, written), (used.Head, used.Length));
                lengths.Remove(ended);
            }

            Assert.False(_queue.TryTakeUsed(out _));
            Assert.Equal(lengths.Count, _queue.BuffersInFlight);
            Assert.Equal(size - lengths.Values.Sum(static of => of.Length - 1), _queue.FreeDescriptors);
        }
    }

    [Fact]
    public void ADeviceSeesNothingBeforeItIsPublished()
    {
        Assert.True(TryAdd([8, 8], 2, out _));
        Assert.True(TryAdd([8], 1, out _));
        Assert.False(DeviceSide.TryPop(out _, out _));
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out _, out var first));
        Assert.True(DeviceSide.TryPop(out _, out var second));
        Assert.Equal((2, 1), (first.Count, second.Count));
        Assert.False(DeviceSide.TryPop(out _, out _));
    }

    [Fact]
    public void ABufferThatIsRefusedLeavesTheQueueAsItWas()
    {
        var readable = new VirtqueueSegment(_memory, 0, 16, IsDeviceWritable: false);
        var outside = new VirtqueueSegment(_memory, 250, 16, IsDeviceWritable: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => _queue.TryAdd([readable, readable, outside], out _));
        Assert.True(TryAdd([8], 1, out var head));
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out var seen, out var pieces));
        Assert.Equal((head, 1), (seen, pieces.Count));
        Assert.False(DeviceSide.TryPop(out _, out _));
        Assert.Equal((Size - 1, 1), (_queue.FreeDescriptors, _queue.BuffersInFlight));
    }

    // 2.8.1: a device may use only what is available.
    [Fact]
    public void ABufferThatWasNotPublishedCannotHaveBeenUsed()
    {
        Add();
        _queue.Publish();
        var unpublished = Add();
        Assert.True(DeviceSide.TryPop(out _, out _));
        DeviceSide.Push((uint)unpublished, 0);
        Assert.Throws<DeviceViolationException>(() => _queue.TryTakeUsed(out _));
    }

    [Theory]
    [InlineData(Size)]
    [InlineData(ushort.MaxValue)]
    // Not in flight; that one is free.
    [InlineData(0)]
    public void AnIdentifierThatIsNotInFlightIsALie(int identifier)
    {
        Assert.NotEqual(identifier, Add());
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out _, out _));
        DeviceSide.Push((uint)identifier, 0);
        Assert.Throws<DeviceViolationException>(() => _queue.TryTakeUsed(out _));
    }

    [Fact]
    public void ABufferComesBackOnce()
    {
        var head = Add();
        Add();
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out _, out _));
        DeviceSide.Push((uint)head, 0);
        DeviceSide.Push((uint)head, 0);
        Assert.True(_queue.TryTakeUsed(out _));
        Assert.Throws<DeviceViolationException>(() => _queue.TryTakeUsed(out _));
    }

    [Fact]
    public void MoreBytesThanABufferHoldsAreALie()
    {
        Assert.True(TryAdd([8, 16], 1, out var head));
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out _, out _));
        DeviceSide.Push((uint)head, 17);
        Assert.Throws<DeviceViolationException>(() => _queue.TryTakeUsed(out _));
    }

    [Fact]
    public void ABufferMayStayWithTheDeviceWhileManyOthersComeBack()
    {
        var kept = Add();
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out _, out _));
        for (var other = 0; other < Many; other++)
        {
            Add();
            _queue.Publish();
            TakeBack(1);
        }

        // Nothing is published now but it, and something waits to be.
        Add();
        DeviceSide.Push((uint)kept, 0);
        Assert.True(_queue.TryTakeUsed(out var used));
        Assert.Equal(kept, used.Head);
    }

    // 2.8.10: the descriptor that the device asks for lies in what is published; here it is the second of two.
    [Fact]
    public void ADeviceThatAsksForALaterBufferHearsOfItInEveryRound()
    {
        for (var index = 0; index < Many; index += 2)
        {
            var before = DeviceSide.Notifications;
            Ring.AskFor(Ring.Advance(Ring.NextAvailable, 1));
            Add();
            _queue.Publish();
            Assert.Equal(before, DeviceSide.Notifications);
            Add();
            _queue.Publish();
            Assert.True(DeviceSide.Notifications == before + 1, $"no notification of buffer {index + 1}");
            Ring.AskFor(Ring.NextAvailable);
            TakeBack(2);
        }
    }

    [Fact]
    public void ADeviceThatAskedForABufferLongAgoHearsOfNone()
    {
        Ring.AskFor((Size - 1, false));
        Add();
        _queue.Publish();
        Assert.Equal(0, DeviceSide.Notifications);
    }

    [Theory]
    [InlineData(VirtioFeatures.EventIndex, 0, 1)]
    [InlineData(VirtioFeatures.EventIndex, 1, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 0)]
    // Reserved, so it hears too much rather than too little.
    [InlineData(VirtioFeatures.EventIndex, 3, 1)]
    public void ADeviceHearsOfAllOrOfNoneAsItsFlagsSay(ulong features, ushort flags, int notifications)
    {
        Create(features);
        Ring.Suppress(0, flags);
        Add();
        _queue.Publish();
        Assert.Equal(notifications, DeviceSide.Notifications);
    }

    [Fact]
    public void AnInterruptComesWithTheBufferThatWasAskedForInEveryRound()
    {
        for (var round = 0; round < Many / 3; round++)
        {
            Assert.True(_queue.TryEnableInterrupts(after: 2));
            Add();
            Add();
            Add();
            _queue.Publish();
            bool[] interrupts = [.. Enumerable.Range(0, 3).Select(_ => DeviceSide.TryPop(out var head, out var _) && DeviceSide.Push((uint)head, 0))];
            Assert.Equal([false, false, true], interrupts);
            Assert.False(_queue.TryEnableInterrupts());
            Assert.True(_queue.TryTakeUsed(out _) && _queue.TryTakeUsed(out _) && _queue.TryTakeUsed(out _));
        }
    }

    [Theory]
    [InlineData(VirtioFeatures.EventIndex)]
    [InlineData(0)]
    public void NoInterruptComesUntilTheyAreEnabledAgain(ulong features)
    {
        Create(features);
        _queue.DisableInterrupts();
        Add();
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out var head, out _));
        Assert.False(DeviceSide.Push((uint)head, 0));
        Assert.True(_queue.TryTakeUsed(out _));
        Assert.True(_queue.TryEnableInterrupts());
        Add();
        _queue.Publish();
        Assert.True(DeviceSide.TryPop(out head, out _));
        Assert.True(DeviceSide.Push((uint)head, 0));
    }

    private void Create(ulong features, int size = Size)
    {
        _device = new FakeVirtioDevice(_fakeMemory, VirtioDeviceType.Network, 1, size, features) { WantsNotifications = false };
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(_device));
        _device.DriverFeatures = features | VirtioFeatures.RingPacked;
        _queue = Virtqueue.Create(transport, 0, size, _arena, features | VirtioFeatures.RingPacked);
        _device.WriteStatus(VirtioStatus.DriverOk);
    }

    private bool TryAdd(int[] lengths, int reads, out int head)
    {
        VirtqueueSegment[] segments = [.. lengths.Select((length, index) => new VirtqueueSegment(_memory, 16 * index, length, index >= reads))];
        return _queue.TryAdd(segments, out head);
    }

    private int Add()
    {
        Assert.True(TryAdd([16], 1, out var head));
        return head;
    }

    private void TakeBack(int count)
    {
        for (var taken = 0; taken < count; taken++)
        {
            Assert.True(DeviceSide.TryPop(out var head, out _));
            DeviceSide.Push((uint)head, 0);
            Assert.True(_queue.TryTakeUsed(out _));
        }
    }
}
