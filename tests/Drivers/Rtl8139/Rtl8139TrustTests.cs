using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;

namespace Troupe.Drivers.Tests;

/// <summary>What the card says is checked, a card that lies or fails is reset, and one that is stopped or cannot be driven reaches nothing.</summary>
public sealed class Rtl8139TrustTests
{
    [Fact]
    public void APacketThatIsStillBeingWrittenIsLeftUntilItIsThere()
    {
        var net = new Rtl8139Fixture();
        net.Start();
        var end = net.Card.Write(0x0001, 0xFFF0, NetFixture.Frame(1));
        net.Card.Put(0, 0, [], claimed: end);
        net.Run();
        Assert.Empty(net.Client.Frames);
        net.Card.WritePosition = 0;
        net.Card.Put(0x0001, 68, NetFixture.Frame(1));
        net.Run();
        Assert.Equal(NetFixture.Frame(1), Assert.Single(net.Client.Frames));
    }

    [Fact]
    public void AFrameTooLongForUsIsDroppedAndTheNextReceived()
    {
        var net = new Rtl8139Fixture();
        net.Start();
        Assert.True(net.Card.TryReceive(NetFixture.Frame(1, 1519)));
        Assert.True(net.Card.TryReceive(NetFixture.Frame(2, 1518)));
        net.Run();
        Assert.Equal(NetFixture.Frame(2, 1518), Assert.Single(net.Client.Frames));
        Assert.Equal(1, net.Statistics.ReceiveDroppedMalformed);
        Assert.Equal(0, net.Statistics.DeviceViolations);
    }

    [Theory]
    [InlineData("not received well", "status 0x0000")]
    [InlineData("damaged", "status 0x0005")]
    [InlineData("too short", "a packet of 17 bytes")]
    [InlineData("longer than written", "a packet of 73 bytes")]
    [InlineData("longer than the ring", "a packet of 65519 bytes")]
    [InlineData("nothing written", "a packet of 68 bytes")]
    [InlineData("gone", "interrupts for 0xffff")]
    [InlineData("bus error", "interrupts for 0x8001")]
    [InlineData("gave up sending", "gave up on a frame")]
    public void ALieOrAFailureOfTheCardIsDetectedAndAResetRepairsIt(string lie, string found)
    {
        var net = new Rtl8139Fixture();
        net.Start();
        Assert.True(net.Card.TryReceive(NetFixture.Frame(1)));
        switch (lie)
        {
            case "not received well": net.Card.Put(0x0000, 68, NetFixture.Frame(2)); break;
            case "damaged": net.Card.Put(0x0005, 68, NetFixture.Frame(2)); break;
            case "too short": net.Card.Put(0x0001, 17, NetFixture.Frame(2, 13)); break;
            case "longer than written": net.Card.Put(0x0001, 73, NetFixture.Frame(2)); break;
            case "longer than the ring": net.Card.Put(0x0001, 0xFFEF, NetFixture.Frame(2)); break;
            case "nothing written": net.Card.ClaimsEmpty = false; net.Card.Write(0x0001, 68, NetFixture.Frame(2)); break;
            case "gone": net.Card.IsDead = true; break;
            case "bus error": net.Card.Raise(FakeRtl8139.SystemError); break;
            default:
                net.Card.SendsAtOnce = false;
                net.Send(NetFixture.Frame(2));
                Assert.True(net.Card.TrySend(outcome: 1u << 30));
                break;
        }

        // Which also says that it was not found by what came after it.
        Assert.Contains(found, Assert.Throws<Rtl8139Exception>(() => net.Run()).Message, StringComparison.Ordinal);
        net.Card.ClaimsEmpty = null;
        net.Card.IsDead = false;
        net.Client.Frames.Clear();
        net.Start();
        Assert.True(net.Card.TryReceive(NetFixture.Frame(7)));
        net.Run();
        Assert.Equal(NetFixture.Frame(7), Assert.Single(net.Client.Frames));
        net.AssertNothingLeaked();
    }

    [Fact]
    public void AResetWithFramesInFlightAccountsForEachAndTheCardBeginsAnew()
    {
        var net = new Rtl8139Fixture();
        net.Card.SendsAtOnce = false;
        net.Client.Holds = true;
        net.Start();
        net.Card.TryReceive(NetFixture.Frame(1));
        net.Run();
        for (var index = 0; index < 6; index++)
        {
            net.Send(NetFixture.Frame(index));
        }

        Assert.True(net.Card.TrySend());
        net.Run();
        net.Card.Wire.Clear();
        net.Card.TryReceive(NetFixture.Frame(2));
        net.Start();
        Assert.Equal((1, 5), (net.Statistics.TransmittedFrames, net.Statistics.TransmitLostInReset));
        Assert.Equal(1, net.Statistics.Resets);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
        net.Send(NetFixture.Frame(8));
        Assert.True(net.Card.TrySend());
        Assert.Equal(NetFixture.Frame(8), Assert.Single(net.Card.Wire));
        net.Card.TryReceive(NetFixture.Frame(4));
        net.Run();
        Assert.Equal([NetFixture.Frame(1), NetFixture.Frame(4)], net.Client.Frames);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void AStoppedCardHasNoAccessToTheBusAndInterruptsNobody()
    {
        var net = new Rtl8139Fixture();
        Assert.False(net.Card.IsBusMaster);
        net.Start();
        Assert.True(net.Card.IsBusMaster);
        net.Card.TryReceive(NetFixture.Frame(1));
        net.Driver.Stop();
        Assert.False(net.Card.IsBusMaster);
        net.Driver.TakeInterrupt();
        Assert.False(net.Driver.Service());
        net.Send(NetFixture.Frame(2));
        Assert.Empty(net.Card.Wire);
        Assert.Equal(1, net.Statistics.TransmitDroppedInvalid);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void ACardWhoseMemoryLiesAbove4GiBIsRefusedBeforeItHasADriver()
    {
        var memory = new FakeMemory(firstAddress: 0x1_0000_0000);
        Assert.Throws<CapabilityException>(() => new Rtl8139Device(new FakeRtl8139(memory), new FakeArena(memory)));
    }

    [Fact]
    public void ACardThatDoesNotAnswerIsRefusedBeforeItHasADriver()
    {
        var memory = new FakeMemory(firstAddress: 0);
        Assert.Throws<Rtl8139Exception>(() => new Rtl8139Device(new FakeRtl8139(memory) { IsDead = true }, new FakeArena(memory)));
    }
}
