// One behaviour each of RFC 3168: explicit congestion notification.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpNotificationTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    private static TcpHarness Agreed()
    {
        TcpHarness tcp = new();
        tcp.Turn(() => tcp.Block.Accept(Header(TcpFlags.Syn | TcpFlags.Ece | TcpFlags.Cwr, PeerInitial, 0, options: new() { MaximumSegmentSize = 1000 }), new(OwnInitial)));
        Assert.Equal(TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Ece, tcp.Single().Flags);
        tcp.Receive(TcpFlags.Ack, Peer, Own);
        return tcp;
    }

    // RFC 3168 6.1.1: the passive side agrees when asked.
    [Fact]
    public void AgreesWhenAsked() => Assert.True(Agreed().Block.NotifiesCongestion);

    // RFC 3168 6.1.1: not asked, not agreed.
    [Fact]
    public void DoesNotAgreeUnasked()
    {
        TcpHarness tcp = Passive();
        tcp.Write(10);
        Assert.False(tcp.Block.NotifiesCongestion);
        Assert.False(tcp.Single().MayBeMarked);
    }

    // RFC 3168 6.1.1 and 6.1.1.1: asks, takes the answer, and tries without after a loss.
    [Fact]
    public void AsksInItsSynUnlessTheFirstWasLost()
    {
        TcpHarness tcp = new(passive: false, new() { CongestionNotification = TcpCongestionNotification.Always });
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal(TcpFlags.Syn | TcpFlags.Ece | TcpFlags.Cwr, tcp.Single().Flags);
        tcp.Expire();
        Assert.Equal(TcpFlags.Syn, tcp.Single().Flags);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Ece, PeerInitial, Own);
        Assert.True(tcp.Block.NotifiesCongestion);
    }

    // RFC 3168 6.1.1: a peer that reflects what it does not know has not agreed.
    [Fact]
    public void IsNotFooledByReflectedBits()
    {
        TcpHarness tcp = new(passive: false, new() { CongestionNotification = TcpCongestionNotification.Always });
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Ece | TcpFlags.Cwr, PeerInitial, Own);
        Assert.False(tcp.Block.NotifiesCongestion);
    }

    // RFC 3168 6.1.4 and 6.1.5: only new data may be marked.
    [Fact]
    public void LetsOnlyNewDataBeMarked()
    {
        TcpHarness tcp = Agreed();
        tcp.Write(1000);
        Assert.True(tcp.Single().MayBeMarked);
        tcp.Expire();
        Assert.False(tcp.Single().MayBeMarked);
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.False(tcp.Single().MayBeMarked);
    }

    // RFC 3168 6.1.2: wherever in their space the sequence numbers begin.
    [Theory]
    [InlineData(OwnInitial)]
    [InlineData(0x9000_0000)]
    public void SlowsDownAtTheFirstEcho(uint initial)
    {
        TcpHarness tcp = new();
        tcp.Turn(() => tcp.Block.Accept(Header(TcpFlags.Syn | TcpFlags.Ece | TcpFlags.Cwr, PeerInitial, 0, options: new() { MaximumSegmentSize = 1000 }), new(initial)));
        tcp.Receive(TcpFlags.Ack, Peer, initial + 1);
        tcp.Write(5000);
        int before = tcp.Block.Status.CongestionWindow;
        tcp.Receive(TcpFlags.Ack | TcpFlags.Ece, Peer, initial + 1001);
        Assert.InRange(tcp.Block.Status.CongestionWindow, 0, before - 1);
    }

    // RFC 3168 6.1.3: until the peer says that it reduced.
    [Fact]
    public void EchoesAMarkUntilThePeerHasReduced()
    {
        TcpHarness tcp = Agreed();
        tcp.Turn(() => tcp.Arrive(TcpFlags.Ack, Peer, Own, new byte[1000], marked: true));
        Assert.True(tcp.Single().Header.Has(TcpFlags.Ece));
        tcp.Receive(TcpFlags.Ack, Peer + 1000, Own, 1000);
        Assert.True(tcp.Single().Header.Has(TcpFlags.Ece));
        tcp.Receive(TcpFlags.Ack | TcpFlags.Cwr, Peer + 2000, Own, 1000);
        Assert.False(tcp.Single().Header.Has(TcpFlags.Ece));
    }

    // RFC 3168 6.1.2: once for one window of data, and the peer hears of it.
    [Fact]
    public void ReducesOnceAWindowAndSaysSo()
    {
        TcpHarness tcp = Agreed();
        tcp.Write(20_000);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack | TcpFlags.Ece, Peer, Own + 1000);
        int reduced = tcp.Block.Status.CongestionWindow;
        Assert.Equal(7000, reduced);
        tcp.Receive(TcpFlags.Ack | TcpFlags.Ece, Peer, Own + 2000);
        Assert.Equal(reduced, tcp.Block.Status.CongestionWindow);
        tcp.Receive(TcpFlags.Ack | TcpFlags.Ece, Peer, Own + 9000);
        Assert.Equal(1, tcp.Output.Count(sent => sent.Header.Has(TcpFlags.Cwr)));
        Assert.Equal(0, tcp.Block.Status.Retransmissions);
    }
}
