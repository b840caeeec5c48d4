// One behaviour each of RFC 9293 3.8.3 (R1, R2), 3.8.4 (keep-alive), 3.8.6.1 (persist), RFC 5482 (user timeout).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpTimeoutTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    // RFC 9293 3.8.4, MUST-25.
    [Fact]
    public void SendsNoKeepAlivesUnlessAsked() => Assert.Equal(TimeSpan.MaxValue, Passive().Block.NextDeadline);

    // RFC 9293 3.8.4, MUST-26, MUST-28.
    [Fact]
    public void AsksForASignOfLifeAfterTwoHours()
    {
        TcpHarness tcp = Passive(new() { KeepAlive = true });
        Assert.Equal(TimeSpan.FromHours(2), tcp.Expire());
        Sent probe = tcp.Single();
        Assert.Equal((TcpFlags.Ack, Own - 1, 0), (probe.Flags, probe.Sequence, probe.Data.Length));
    }

    // RFC 9293 3.8.4, MUST-29: one that is not answered says nothing.
    [Fact]
    public void AsksNineTimesBeforeItGivesUp()
    {
        TcpHarness tcp = Passive(new() { KeepAlive = true });
        tcp.Expire();
        for (int probe = 1; probe < 9; probe++)
            Assert.Equal(TimeSpan.FromSeconds(75), tcp.Expire());
        Assert.Null(tcp.Closed);
        tcp.Expire();
        Assert.Equal(TcpCloseReason.TimedOut, tcp.Closed);
        Assert.True(tcp.Output[^1].Header.Has(TcpFlags.Rst));
    }

    // RFC 9293 3.8.4, MUST-27: only after silence.
    [Fact]
    public void AnyAnswerPutsTheKeepAliveOff()
    {
        TcpHarness tcp = Passive(new() { KeepAlive = true });
        tcp.Expire();
        tcp.Receive(TcpFlags.Ack, Peer, Own);
        Assert.Equal(TimeSpan.FromHours(2), tcp.Block.NextDeadline - tcp.Now);
    }

    // The settings of a living connection.
    [Fact]
    public void KeepAliveMayBeTurnedOnLater()
    {
        TcpHarness tcp = Passive();
        tcp.Streams.Settings.KeepAliveTime = TimeSpan.FromSeconds(30);
        tcp.Streams.Settings.KeepAlive = true;
        tcp.Turn();
        Assert.Equal(TimeSpan.FromSeconds(30), tcp.Expire());
    }

    // RFC 5482 3.1.
    [Fact]
    public void EndsAConnectionWhoseOctetsWaitLongerThanTheUserTimeout()
    {
        TcpHarness tcp = Passive(new() { UserTimeout = TimeSpan.FromSeconds(5) });
        TimeSpan start = tcp.Now;
        tcp.Write(100);
        while (tcp.Closed is null)
            tcp.Expire();
        Assert.Equal(TcpCloseReason.TimedOut, tcp.Closed);
        Assert.Equal(5, (tcp.Now - start).TotalSeconds, 3);
    }

    // RFC 5482 3.1: octets that are acknowledged count no more.
    [Fact]
    public void TheUserTimeoutBeginsAnewWithEachAcknowledgement()
    {
        TcpHarness tcp = Passive(new() { UserTimeout = TimeSpan.FromSeconds(5) });
        tcp.Write(2000);
        tcp.Now += TimeSpan.FromSeconds(4);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        Assert.InRange((tcp.Block.NextDeadline - tcp.Now).TotalSeconds, 0, 5);
        tcp.Now += TimeSpan.FromSeconds(4);
        tcp.Turn(tcp.Block.Expire);
        Assert.Null(tcp.Closed);
    }

    // RFC 5482 3 and 3.1: the option, and what it may do.
    [Fact]
    public void AnnouncesAndAcceptsUserTimeoutsOnlyWhereToldTo()
    {
        TcpHarness silent = new(passive: false, new() { UserTimeout = TimeSpan.FromSeconds(200) });
        silent.Turn(() => silent.Block.Connect(new(OwnInitial)));
        Assert.Null(silent.Single().Header.Options.UserTimeout);

        TcpHarness tcp = new(passive: false, new() { UserTimeout = TimeSpan.FromSeconds(200), AnnouncesUserTimeout = true, AcceptsUserTimeout = true });
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal((ushort)200, tcp.Single().Header.Options.UserTimeout);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own, options: new() { MaximumSegmentSize = 1000, UserTimeout = 0x8005 });
        TimeSpan start = tcp.Now;
        tcp.Write(100);
        while (tcp.Closed is null)
            tcp.Expire();
        Assert.Equal(300, (tcp.Now - start).TotalSeconds, 3);
    }

    // RFC 9293 3.8.3, MUST-20 and SHLD-11: at least 100 seconds for data.
    [Fact]
    public void GivesUpAfterMoreThanAHundredSeconds()
    {
        TcpHarness tcp = Passive();
        TimeSpan start = tcp.Now;
        tcp.Write(100);
        while (tcp.Closed is null)
            tcp.Expire();
        Assert.Equal(TcpCloseReason.TimedOut, tcp.Closed);
        Assert.True(tcp.Now - start > TimeSpan.FromSeconds(100));
        Assert.Equal(15, tcp.Output.Count - 1);
    }

    // RFC 9293 3.8.3, MUST-23: at least three minutes for a SYN are had by the configuration, and Linux's two minutes are the default.
    [Fact]
    public void ASynMayBeTriedForThreeMinutes()
    {
        TcpHarness tcp = new(passive: false, new() { SynRetransmissions = 7 });
        TimeSpan start = tcp.Now;
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        while (tcp.Closed is null)
            tcp.Expire();
        Assert.True(tcp.Now - start >= TimeSpan.FromMinutes(3));
    }

    // RFC 9293 3.8.6.1, SHLD-30: exponentially, up to a minute.
    [Fact]
    public void ProbesAShutWindowLessAndLessOften()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        tcp.Write(2000);
        List<double> waits = [];
        for (int probe = 0; probe < 12; probe++)
        {
            waits.Add(tcp.Expire().TotalSeconds);
            tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        }

        Assert.True(waits.Zip(waits.Skip(1)).Take(7).All(pair => pair.Second > pair.First * 1.9), string.Join(", ", waits));
        Assert.Equal(60, waits[^1], 3);
    }

    // RFC 9293 3.8.6.1, MUST-37: as long as the peer answers.
    [Fact]
    public void KeepsAConnectionWhosePeerKeepsItsWindowShut()
    {
        TcpHarness tcp = Passive(new() { Retransmissions = 3 });
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        tcp.Write(2000);
        for (int probe = 0; probe < 20; probe++)
        {
            tcp.Expire();
            tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        }

        Assert.Equal(TcpState.Established, tcp.Block.State);
    }

    // And one that does not answer is gone.
    [Fact]
    public void GivesUpAPeerThatAnswersNoProbe()
    {
        TcpHarness tcp = Passive(new() { Retransmissions = 3 });
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        tcp.Write(2000);
        for (int probe = 0; probe < 4; probe++)
            tcp.Expire();
        Assert.Equal(TcpCloseReason.TimedOut, tcp.Closed);
    }

    // RFC 9293 3.8.6, MUST-34: a window that shrinks below what is in flight.
    [Fact]
    public void SurvivesAWindowThatShrinks()
    {
        TcpHarness tcp = Passive();
        tcp.Write(5000);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000, window: 0);
        for (int probe = 0; probe < 3; probe++)
        {
            tcp.Expire();
            tcp.Receive(TcpFlags.Ack, Peer, Own + 1000, window: 0);
        }

        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000, window: 10_000);
        Assert.Equal(4000, tcp.Output.Sum(sent => sent.Data.Length));
    }
}
