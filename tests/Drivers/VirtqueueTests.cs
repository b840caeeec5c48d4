// VIRTIO 1.2, 2.7: the driver's side of a split virtqueue alone, against a device's side that the test plays by hand.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class VirtqueueTests
{
    private const int Size = 4;

    private readonly FakeVirtioDevice _device;
    private readonly Virtqueue _queue;
    private readonly DmaBlock _memory;

    public VirtqueueTests()
    {
        var memory = new FakeMemory();
        _device = new FakeVirtioDevice(memory, VirtioDeviceType.Network, 1, Size, VirtioFeatures.EventIndex) { WantsNotifications = false };
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(_device));
        var arena = new FakeArena(memory);
        _device.DriverFeatures = VirtioFeatures.EventIndex;
        _queue = Virtqueue.Create(transport, 0, Size, arena, VirtioFeatures.EventIndex);
        _device.WriteStatus(VirtioStatus.DriverOk);
        _memory = arena.Allocate(64, 64);
    }

    private FakeQueue DeviceSide => _device.Queues[0];

    [Fact]
    public void AQueueThatTheDeviceSaysIsInUseTakesNoMemory()
    {
        var arena = new FakeArena(new FakeMemory());
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(_device));
        Assert.Throws<VirtioException>(() => Virtqueue.Create(transport, 0, Size, arena, VirtioFeatures.EventIndex));
        Assert.Equal(0, arena.BytesInUse);
    }

    // 2.7.8.2: a device may use only what is in the available ring.
    [Fact]
    public void ABufferThatWasNotPublishedCannotHaveBeenUsed()
    {
        Add();
        _queue.Publish();
        var unpublished = Add();
        Assert.True(DeviceSide.TryPop(out var published, out _));
        DeviceSide.Push((uint)published, 0);
        DeviceSide.Push((uint)unpublished, 0);
        Assert.Throws<DeviceViolationException>(() => _queue.TryTakeUsed(out _));
    }

    // 2.7.10: the index that the device asks for lies in what is published, in 16 bits; here it is the second of two buffers.
    [Fact]
    public void ADeviceThatAsksForALaterBufferHearsOfItWhereTheIndexWraps()
    {
        for (var index = 0; index < (1 << 16) + 8; index += 2)
        {
            var before = DeviceSide.Notifications;
            AskFor((ushort)(index + 1));
            Add();
            Add();
            _queue.Publish();
            Assert.True(DeviceSide.Notifications == before + 1, $"no notification of buffer {index + 1}");
            TakeBack(2);
        }
    }

    // 2.7.10: and of nothing else.
    [Fact]
    public void ADeviceThatAskedForABufferLongAgoHearsOfNone()
    {
        AskFor(ushort.MaxValue - 1);
        Add();
        _queue.Publish();
        Assert.Equal(0, DeviceSide.Notifications);
    }

    private void AskFor(ushort index) => _device.Memory.Write16(DeviceSide.Used + 4 + (8 * Size), index);

    private int Add()
    {
        var segment = new VirtqueueSegment(_memory, 0, 16, IsDeviceWritable: false);
        Assert.True(_queue.TryAdd([segment], out var head));
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
