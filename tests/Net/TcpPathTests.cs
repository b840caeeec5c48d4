// One behaviour each of RFC 1191 and 8899 (path MTU), RFC 5927 (forged ICMP), RFC 1122 4.2.3.9 and 5461 (soft and hard errors).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpPathTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    private static bool Report(TcpHarness tcp, TransportErrorKind kind, uint sequence, int maximumTransmissionUnit = 0)
    {
        bool believed = false;
        tcp.Turn(() => believed = tcp.Block.PathReported(new(kind, IpProtocol.Tcp, Key.Local, Key.Remote, sequence, maximumTransmissionUnit)));
        return believed;
    }

    // RFC 1191 6.4, RFC 9293 3.7.2.
    [Fact]
    public void SendsSmallerSegmentsWhereARouterSaysSo()
    {
        TcpHarness tcp = Passive();
        tcp.Write(3000);
        tcp.Output.Clear();
        Assert.True(Report(tcp, TransportErrorKind.TooBig, Own, 640));
        Assert.All(tcp.Output, sent => Assert.True(sent.Data.Length <= 600));
        Assert.Equal((Own, 600), (tcp.Output[0].Sequence, tcp.Output[0].Data.Length));
        Assert.Equal(3000, tcp.Output.Sum(sent => sent.Data.Length));
    }

    // RFC 1191 6.5: it is no congestion.
    [Fact]
    public void KeepsItsWindowWhenThePathShrinks()
    {
        TcpHarness tcp = Passive();
        tcp.Write(5000);
        Report(tcp, TransportErrorKind.TooBig, Own, 640);
        Assert.InRange(tcp.Block.Status.CongestionWindow, 9_990, 10_000);
        Assert.Equal(int.MaxValue, tcp.Block.Status.SlowStartThreshold);
    }

    // RFC 5927 4: it must quote what is under way.
    [Theory]
    [InlineData(Own - 1)]
    [InlineData(Own + 3000)]
    public void DoesNotBelieveAReportOfWhatIsNotUnderWay(uint sequence)
    {
        TcpHarness tcp = Passive();
        tcp.Write(3000);
        Assert.False(Report(tcp, TransportErrorKind.TooBig, sequence, 640));
        Assert.Equal(1000, tcp.Block.SegmentSize);
        Assert.Equal(1, tcp.Counters.Dropped(DropCause.Unacceptable));
    }

    // RFC 1191 3, and the attack of RFC 5927 7: not smaller than what any path takes.
    [Fact]
    public void DoesNotGoBelowTheLeast()
    {
        TcpHarness tcp = Passive();
        tcp.Write(3000);
        Report(tcp, TransportErrorKind.TooBig, Own, 68);
        Assert.Equal(512, tcp.Block.SegmentSize);
    }

    // RFC 1191 6.3.
    [Fact]
    public void TriesTheLargerSizeAgainAfterTenMinutes()
    {
        TcpHarness tcp = Passive();
        tcp.Write(1000);
        Report(tcp, TransportErrorKind.TooBig, Own, 640);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        tcp.Now += TimeSpan.FromMinutes(10);
        tcp.Output.Clear();
        tcp.Write(1000);
        Assert.Equal(1000, tcp.Single().Data.Length);
    }

    // RFC 8899 4.3: where no router says anything, what never arrives is too large.
    [Fact]
    public void FindsABlackHole()
    {
        TcpHarness tcp = Passive(segmentSize: 1460);
        tcp.Write(3000);
        for (int expiry = 0; expiry < 6 && tcp.Block.SegmentSize > 536; expiry++)
        {
            tcp.Output.Clear();
            tcp.Expire();
        }

        Assert.Equal(536, tcp.Block.SegmentSize);
        Assert.Equal(536, tcp.Output[0].Data.Length);
    }

    // RFC 8899 4.3: but what got through before is more likely just lost.
    [Fact]
    public void IsSlowerToSuspectASizeThatGotThrough()
    {
        TcpHarness tcp = Passive(segmentSize: 1460);
        tcp.Write(1460);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1460);
        tcp.Write(1460);
        for (int expiry = 0; expiry < 4; expiry++)
            tcp.Expire();
        Assert.Equal(1460, tcp.Block.SegmentSize);
    }

    // RFC 9293 3.9.2.2, MUST-56 and RFC 1122 4.2.3.9: a soft error does not end a connection, but says why it ended.
    [Fact]
    public void AnUnreachableHostEndsNothingByItself()
    {
        TcpHarness tcp = new(passive: false, new() { SynRetransmissions = 1 });
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.True(Report(tcp, TransportErrorKind.Unreachable, OwnInitial));
        Assert.Null(tcp.Closed);
        tcp.Expire();
        tcp.Expire();
        Assert.Equal(TcpCloseReason.HostUnreachable, tcp.Closed);
    }

    // RFC 9293 3.9.2.2, SHLD-26: hard errors end a connection that is only beginning.
    [Fact]
    public void AnUnreachablePortRefusesAConnectionThatBegins()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Report(tcp, TransportErrorKind.PortUnreachable, OwnInitial);
        Assert.Equal(TcpCloseReason.Refused, tcp.Closed);
    }

    // RFC 5927 5.2: in any other state they are soft.
    [Fact]
    public void AnUnreachablePortEndsNoEstablishedConnection()
    {
        TcpHarness tcp = Passive();
        tcp.Write(100);
        Report(tcp, TransportErrorKind.PortUnreachable, Own);
        Assert.Equal(TcpState.Established, tcp.Block.State);
    }
}
