using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Tests;

/// <summary>Received frames on their way from any ring to the client: what one turn takes, and what the client is told.</summary>
public sealed class FrameReceptionTests
{
    private readonly Rings _rings = new();
    private readonly FrameCounter _client = new();
    private readonly FrameBatchPool _batches = FrameBatchPool.Create(8, 4);
    private readonly NetworkDeviceCounters _counters = new();

    [Fact]
    public void ATurnTakesNoMoreThanItsBudgetAndTheRestWaits()
    {
        _rings.Waiting = 10;
        Assert.Equal(6, Reception().Receive(6));
        Assert.Equal((6, 4), (_client.Frames, _rings.Waiting));
        AssertNothingRented();
    }

    [Fact]
    public void FramesThatComeBeforeTheClientCouldBeToldOfTheStartAreDroppedAndCounted()
    {
        _rings.Waiting = 3;
        var reception = Reception();
        reception.IsStatusUntold = true;
        reception.Receive(64);
        Assert.Equal((0, 0, 3), (_client.Batches, _rings.Waiting, _counters.ReceiveDroppedClientBusy));
        AssertNothingRented();
    }

    [Fact]
    public void AClientIsNotToldOfPacketsOfWhichNoneIsWellFormed()
    {
        _rings.Waiting = 3;
        _rings.Kind = TakenPacket.Malformed;
        Reception().Receive(64);
        Assert.Equal((0, 3), (_client.Batches, _counters.ReceiveDroppedMalformed));
        AssertNothingRented();
    }

    /// <summary>With a client that knows of the start.</summary>
    private FrameReception Reception()
    {
        var reception = new FrameReception(_rings, _batches, _counters);
        new AttachedClient(reception).Attach(_client, NetworkDeviceEvent.Started(
            new NetworkDeviceInformation { Name = "rings", HardwareAddress = new(1), MaximumTransmissionUnit = 1500, TransmitFrames = _rings.Frames, Batches = _batches },
            isLinkUp: true));
        return reception;
    }

    private void AssertNothingRented() => Assert.Equal((0, 0), (_rings.Frames.RentedCount, _batches.RentedCount));

    private sealed class Rings : IFrameRings
    {
        public FramePool Frames { get; } = FramePool.Create(new FramePoolOptions { FrameCount = 16 });

        public int Waiting { get; set; }

        public TakenPacket Kind { get; set; } = TakenPacket.WellFormed;

        public bool HasPacket() => Waiting > 0;

        public bool HasRoomForPacket() => true;

        public TakenPacket TakePacket(bool isWanted, out FrameBuffer frame, out int buffers)
        {
            Waiting--;
            buffers = 1;
            frame = default;
            if (Kind == TakenPacket.WellFormed)
            {
                Assert.True(Frames.TryRent(out frame));
                frame.Append([1, 2, 3]);
            }

            return Kind;
        }

        public bool IsSendable([Borrowed] FrameBuffer frame) => true;

        public bool IsWithinReach([Borrowed] FrameBuffer frame) => true;

        public void Prepare([Borrowed] FrameBuffer frame)
        {
        }
    }

    private sealed class FrameCounter : NetworkDeviceClient
    {
        public int Batches { get; private set; }

        public int Frames { get; private set; }

        protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
        {
            if (deviceEvent.Kind == NetworkDeviceEventKind.Received)
            {
                Batches++;
                Frames += deviceEvent.Frames.Count;
                deviceEvent.Dispose();
            }

            return true;
        }
    }
}
