// RFC 9293 3.9.1.2: how much may be written before it is acknowledged: what the application chose, or what follows from the congestion window.
using System.IO.Pipelines;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class TcpSendBufferTests
{
    private const uint Peer = TcpHarness.PeerInitial + 1;
    private const uint Own = TcpHarness.OwnInitial + 1;

    [Fact]
    public async Task AChosenBufferHoldsForTheNextWrite()
    {
        TcpHarness tcp = TcpHarness.Passive();
        tcp.Streams.Settings.SendBuffer = 3000;
        Assert.Equal((3000, 3000), (tcp.Streams.SendBuffer, tcp.Streams.SendRoom));
        Assert.True(Write(tcp, 2999).IsCompleted);
        Task<FlushResult> waiting = Write(tcp, 1);
        Assert.Equal((false, 0), (waiting.IsCompleted, tcp.Streams.SendRoom));
        // Half of it is free again.
        Acknowledge(tcp, 1499);
        Assert.False(waiting.IsCompleted);
        Acknowledge(tcp, 1500);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task ALargerChoiceLetsAWaitingWriterGoOn()
    {
        TcpHarness tcp = TcpHarness.Passive();
        tcp.Streams.Settings.SendBuffer = 3000;
        Task<FlushResult> waiting = Write(tcp, 4000);
        Assert.False(waiting.IsCompleted);
        tcp.Streams.Settings.SendBuffer = 8000;
        tcp.Turn();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void NobodyChoosesMoreThanTheBound()
    {
        TcpHarness tcp = TcpHarness.Passive(new() { SendBuffer = 1000, MaximumSendBuffer = 5000 });
        tcp.Streams.Settings.SendBuffer = 1_000_000;
        Assert.Equal(5000, tcp.Streams.SendBuffer);
    }

    [Fact]
    public void ItGrowsToTwiceTheCongestionWindowAndNoFurtherThanItsBound()
    {
        TcpHarness tcp = TcpHarness.Passive(new() { SendBuffer = 5000, MaximumSendBuffer = 30_000 });
        Write(tcp, 5000);
        // No window is known to hold before something was acknowledged.
        Assert.Equal(5000, tcp.Streams.SendBuffer);
        Acknowledge(tcp, 1000);
        Assert.InRange(tcp.Streams.SendBuffer, 2 * tcp.Block.Status.CongestionWindow, 30_000);
        Assert.True(tcp.Streams.SendBuffer > 5000);
        int acknowledged = 1000, written = 5000;
        for (int round = 0; round < 50; round++)
        {
            int room = tcp.Streams.SendRoom;
            Write(tcp, room);
            written += room;
            for (; acknowledged + 1000 <= written - 2000; acknowledged += 1000)
                Acknowledge(tcp, acknowledged + 1000);
            Assert.InRange(tcp.Streams.SendBuffer, 5001, 30_000);
        }

        Assert.Equal(30_000, tcp.Streams.SendBuffer);
    }

    [Fact]
    public void ItDoesNotGrowWhileAllConnectionsTogetherHoldTooMuch()
    {
        TcpHarness tcp = TcpHarness.Passive(new() { SendBuffer = 5000, TotalBuffers = 9000, BufferShare = 1000 });
        Write(tcp, 9500);
        Acknowledge(tcp, 1000);
        Assert.Equal(5000, tcp.Streams.SendBuffer);
        Acknowledge(tcp, 3000);
        Assert.True(tcp.Streams.SendBuffer > 5000);
    }

    // A writer that outruns its connection waits all the time.
    [Fact]
    public async Task WaitingAllocatesNothing()
    {
        TcpByteStreams streams = new(new() { SendBuffer = 1000, MaximumSendBuffer = 1000 }, PipeScheduler.Inline);
        TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Establish);
        byte[] octets = new byte[1000];
        // The monitor of the contract is in debug builds only, and what it keeps is its own.
        const int Rounds = 1000;
        long allocated = 0;
        for (int round = -Rounds; round < Rounds; round++)
        {
            if (round == 0)
                allocated = GC.GetAllocatedBytesForCurrentThread();
            ValueTask<FlushResult> waiting = streams.Output.WriteAsync(octets);
            Assert.False(waiting.IsCompleted);
            Assert.True(streams.ToSend.TryRead(out ReadResult read));
            streams.ToSend.AdvanceTo(read.Buffer.End);
            streams.Acknowledged(1000);
            Assert.True(waiting.IsCompleted);
            Assert.False((await waiting).IsCompleted);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated < 8 * Rounds, $"{allocated} octets in {Rounds} waits");
    }

    private static Task<FlushResult> Write(TcpHarness tcp, int octets)
    {
        Task<FlushResult> flush = tcp.Streams.Output.WriteAsync(new byte[octets]).AsTask();
        tcp.Turn();
        return flush;
    }

    private static void Acknowledge(TcpHarness tcp, int octets) => tcp.Receive(TcpFlags.Ack, Peer, Own + (uint)octets, window: 60_000);
}
