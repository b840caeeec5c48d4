using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;

namespace Troupe.Drivers.Tests;

/// <summary>A card and its driver's machinery, driven by hand on one thread, without the actor.</summary>
internal sealed class Rtl8139Fixture
{
    public Rtl8139Fixture(int frames = 64, int batches = 32)
    {
        Card = new FakeRtl8139(Memory);
        Arena = Card.CreateArena(Rtl8139Device.RequiredDmaMemory);
        Driver = new Rtl8139Device(Card, Arena, new Rtl8139Options
        {
            ReceiveFrameCount = frames,
            TransmitFrameCount = frames,
            BatchCount = batches,
            TransmitQueueLength = 32,
        });
        Driver.Attach(Client);
    }

    public FakeMemory Memory { get; } = new(firstAddress: 0);

    public FakeRtl8139 Card { get; }

    public FakeArena Arena { get; }

    public Rtl8139Device Driver { get; }

    public RecordingClient Client { get; } = new();

    public int Interrupts { get; private set; }

    public NetworkDeviceStatistics Statistics => Driver.ReadStatistics();

    public void Start() => Driver.Start(() => Interrupts++);

    /// <summary>Does what the actor does with its interrupt message, until there is no interrupt.</summary>
    public bool Run()
    {
        var ran = false;
        while (Interrupts > 0)
        {
            Interrupts = 0;
            ran = true;
            Driver.TakeInterrupt();
            while (Driver.Service())
            {
            }
        }

        return ran;
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

    /// <summary>Every frame and batch is home again once the device is stopped and the client has let go.</summary>
    public void AssertNothingLeaked()
    {
        Driver.Stop();
        Client.Clear();
        Assert.False(Card.IsBusMaster);
        Assert.Equal(0, Driver.ReceiveFrames.RentedCount);
        Assert.Equal(0, Driver.TransmitFrames.RentedCount);
        Assert.Equal(0, Driver.Batches.RentedCount);
        Assert.Equal(0, Driver.ReceiveFrames.MisuseCount + Driver.TransmitFrames.MisuseCount + Driver.Batches.MisuseCount);
    }
}
