using System.Buffers.Binary;
using Troupe.Tools.Networks;

namespace Troupe.Tools.Tests.Networks;

/// <summary>A sender seen from its interface: the round trip is 50 ms, so the retransmission timeout is the least, 200 ms.</summary>
public sealed class SilenceWatchTests
{
    private const int Guest = 8080;
    private const int Client = 40000;
    private const int Segment = 100;

    private readonly SilenceWatch _watch = new();
    private uint _next = 1000;
    private int _now;

    [Fact]
    public void NothingIsASilenceUntilSomethingIsOutstanding()
    {
        Establish();
        After(10_000);
        Send();

        Assert.Null(_watch.Longest);
    }

    [Fact]
    public void WaitingForAnAcknowledgementIsASilence()
    {
        Establish();
        Send();
        After(30);
        Send();

        Assert.Equal(30, _watch.Longest!.Value.Gap.TotalMilliseconds);
        Assert.Equal(200, _watch.Longest.Value.Timeout.TotalMilliseconds);
    }

    [Fact]
    public void ASilenceEndsWithNewlyAcknowledgedData()
    {
        Establish();
        Send();
        Send();
        After(150);
        Acknowledge(_next - Segment);
        After(150);
        Send();

        Assert.Equal(150, _watch.Longest!.Value.Gap.TotalMilliseconds);
    }

    [Fact]
    public void ARepeatedAcknowledgementDoesNotEndASilence()
    {
        Establish();
        Send();
        After(150);
        Acknowledge(_next - Segment);
        After(150);
        Send();

        Assert.Equal(300, _watch.Longest!.Value.Gap.TotalMilliseconds);
    }

    [Fact]
    public void EachTimeoutOfTheSameSegmentDoublesWhatIsAllowed()
    {
        Establish();
        Send();
        foreach (var gap in (int[])[200, 400, 800])
        {
            After(gap);
            Resend(_next - Segment);

            Assert.True(_watch.Longest!.Value.Excess <= TimeSpan.Zero, $"{_watch.Longest}");
        }

        After(1900);
        Resend(_next - Segment);
        Assert.Equal(300, _watch.Longest!.Value.Excess.TotalMilliseconds);
    }

    [Fact]
    public void WhatIsSentAgainForTheSakeOfAnAcknowledgementIsNoTimeout()
    {
        Establish();
        Send();
        After(50);
        Acknowledge(_next - Segment);
        Resend(_next - Segment);
        After(300);
        Resend(_next - Segment);

        Assert.Equal(100, _watch.Longest!.Value.Excess.TotalMilliseconds);
    }

    [Fact]
    public void AShutWindowIsNoSilence()
    {
        Establish();
        Send();
        Send();
        Acknowledge(_next - Segment, window: 0);
        After(5000);
        Send();
        Assert.True(_watch.Longest!.Value.Gap <= TimeSpan.FromMilliseconds(50), $"{_watch.Longest}");
    }

    [Fact]
    public void LongerRoundTripsAllowLongerSilences()
    {
        Establish(roundTrip: 400);
        Send();
        After(450);
        Resend(_next - Segment);

        Assert.InRange(_watch.Longest!.Value.Timeout.TotalMilliseconds, 450, 600);
        Assert.True(_watch.Longest.Value.Excess <= TimeSpan.Zero);
    }

    [Fact]
    public void AReportIsReadAsItWasWritten()
    {
        var report = new LinkReport(["to-wire frames 1", "refused 0"], new Silence(TimeSpan.FromMilliseconds(412), TimeSpan.FromMilliseconds(200)));

        var read = LinkReport.Parse(report.ToString());

        Assert.Equal(report.Counts, read.Counts);
        Assert.Equal(report.Silence, read.Silence);
        Assert.Null(LinkReport.Parse("refused 0\n").Silence);
    }

    /// <summary>The handshake, whose round trip is the first that is measured, and one segment more that is acknowledged.</summary>
    private void Establish(int roundTrip = 50)
    {
        Sent(_next++, 0, syn: true);
        for (var time = 0; time < 8; time++)
        {
            After(roundTrip);
            Acknowledge(_next);
            Send();
        }

        After(roundTrip);
        Acknowledge(_next);
    }

    private void Send()
    {
        Sent(_next, Segment);
        _next += Segment;
    }

    private void Resend(uint sequence) => Sent(sequence, Segment);

    private void Sent(uint sequence, int length, bool syn = false) => _watch.Sent(Frame(Guest, Client, sequence, 1, length, 1000, syn), TimeSpan.FromMilliseconds(_now));

    private void Acknowledge(uint next, int window = 1000) => _watch.Received(Frame(Client, Guest, 1, next, 0, window, syn: false), TimeSpan.FromMilliseconds(_now));

    private void After(int milliseconds) => _now += milliseconds;

    private static byte[] Frame(int from, int to, uint sequence, uint acknowledgement, int length, int window, bool syn)
    {
        var frame = new byte[14 + 20 + 20 + length];
        frame[14] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(frame.Length - 14));
        frame[23] = 6;
        var tcp = frame.AsSpan(34);
        BinaryPrimitives.WriteUInt16BigEndian(tcp, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], (ushort)to);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledgement);
        tcp[12] = 0x50;
        tcp[13] = (byte)(syn ? 0x12 : 0x10);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], (ushort)window);
        return frame;
    }
}
