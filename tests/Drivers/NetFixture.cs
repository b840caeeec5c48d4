using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio network device and its driver's machinery, driven by hand on one thread, without the actor.</summary>
internal sealed class NetFixture
{
    public const ulong AllFeatures = VirtioFeatures.EventIndex | (1UL << 3) | (1UL << 5) | (1UL << 15) | (1UL << 16);

    public NetFixture(string transport = "mmio", ulong features = AllFeatures, int ring = 16, int frames = 64, bool offloads = true)
    {
        Device = new FakeVirtioDevice(Memory, VirtioDeviceType.Network, 2, ring, features);
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, 0, 0, 0xDC, 0x05 }.CopyTo(Device.Configuration, 0);
        Way = transport == "pci-one-vector" ? FakeWay.To(Device, "pci-msix", vectors: 1) : FakeWay.To(Device, transport, vectors: 3);
        Driver = new VirtioNetDevice(Transport, Arena, new VirtioNetOptions
        {
            RingSizeLimit = ring,
            ReceiveFrameCount = frames,
            TransmitFrameCount = frames,
            BatchCount = 32,
            TransmitQueueLength = 32,
            Offloads = offloads,
        });
        Driver.Attach(Client);
    }

    public FakeMemory Memory { get; } = new();

    public FakeVirtioDevice Device { get; }

    /// <summary>What the driver has of the device.</summary>
    public FakeWay Way { get; }

    public FakeArena Arena => Way.Arena;

    public IVirtioTransport Transport => Way.Transport;

    public VirtioNetDevice Driver { get; }

    public RecordingClient Client { get; } = new();

    public int Interrupts { get; private set; }

    public void Start() => Driver.Start(() => Interrupts++);

    /// <summary>Does what the actor does with its interrupt message, if there was an interrupt.</summary>
    public bool Run()
    {
        if (Interrupts == 0)
        {
            return false;
        }

        Interrupts = 0;
        Assert.True(Driver.TakeInterrupt());
        while (Driver.Service())
        {
        }

        return true;
    }

    public void Send(params byte[][] frames)
    {
        Assert.True(Driver.Batches.TryRent(out var batch));
        foreach (var bytes in frames)
        {
            Assert.True(Driver.TransmitFrames.TryRent(out var frame));
            frame.Append(bytes);
            Assert.True(batch.TryAdd(frame));
        }

        Driver.Transmit(batch);
    }

    public static byte[] Frame(int seed, int length = 64)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Every frame and batch is home again once the device is stopped and the client has let go.</summary>
    public void AssertNothingLeaked()
    {
        Driver.Stop();
        Client.Clear();
        Assert.Equal(0, Driver.ReceiveFrames.RentedCount);
        Assert.Equal(0, Driver.TransmitFrames.RentedCount);
        Assert.Equal(0, Driver.Batches.RentedCount);
        Assert.Equal(0, Driver.ReceiveFrames.MisuseCount + Driver.TransmitFrames.MisuseCount + Driver.Batches.MisuseCount);
        Assert.Equal(0, Arena.BytesInQuarantine);
    }
}
