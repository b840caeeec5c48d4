// VIRTIO 1.2, section 4.1.4: where the structures of a device may be.
using System.Buffers.Binary;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class VirtioPciTests
{
    private const int CommonOffset = 0x48;
    private const int NotifyOffset = 0x58;
    private const int NotifyMultiplier = 0x60;

    // Found by fuzzing: such a device was opened, and its first register read threw what no driver expects.
    [Theory]
    [InlineData(CommonOffset, 2)]
    [InlineData(NotifyOffset, 0x301)]
    public void ADeviceWhoseRegistersAreNotAlignedIsRefused(int at, int value)
    {
        FakePciDevice function = With(at, value);
        Assert.Throws<VirtioException>(() => VirtioPciTransport.Open(function));
    }

    [Fact]
    public void AQueueWhoseNotificationIsNotAlignedIsRefused()
    {
        FakePciDevice function = With(NotifyMultiplier, 3);
        VirtioPciTransport transport = VirtioPciTransport.Open(function);
        Assert.Throws<VirtioException>(() => Virtqueue.Create(transport, 1, 16, function.CreateArena(1 << 20), features: 0));
    }

    // A choice left to the machine (null) goes to the next processor: two a device, and the queues of every device came to the same one.
    [Theory]
    [InlineData(3, 0)]
    [InlineData(1, null)]
    public void TheConfigurationsVectorTakesNoTurnWhereItIsNotTheQueues(int vectors, int? configurationProcessor)
    {
        FakePciDevice function = new(new FakeVirtioDevice(new FakeMemory(), VirtioDeviceType.Network, 2, 16, 0), vectors);
        VirtioPciTransport.Open(function).ConnectInterrupts(static () => { });
        Assert.Equal(configurationProcessor, function.Vectors[0].Processor);
        Assert.Null(function.Vectors[Math.Min(1, vectors - 1)].Processor);
    }

    private static FakePciDevice With(int at, int value)
    {
        FakePciDevice function = new(new FakeVirtioDevice(new FakeMemory(), VirtioDeviceType.Network, 2, 16, 0), vectors: 3);
        BinaryPrimitives.WriteInt32LittleEndian(function.Space.AsSpan(at), value);
        return function;
    }
}
