// What all connections together may hold of what peers do not read, or applications do not.
using System.IO.Pipelines;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class TcpBufferBudgetTests
{
    private const int Share = 8000;
    private static readonly TcpConfiguration Small = new() { TotalBuffers = 20_000, BufferShare = Share };

    [Fact]
    public async Task AWriterWaitsWhenTheOthersHoldAllUntilItsPeerHasTakenItsOwn()
    {
        TcpHarness harness = TcpHarness.Passive(Small, window: 30_000);
        Task<FlushResult> flush = WriteAsync(harness, 25_000);
        harness.Turn();
        Assert.False(flush.IsCompleted);
        // The peer takes all but more than the share, and then some of that.
        foreach (int taken in new[] { 5000, 10_000, 15_000, 25_000 - Share - 1 })
            Acknowledge(harness, taken);
        Assert.False(flush.IsCompleted);
        Acknowledge(harness, 25_000 - Share);
        Assert.False((await flush.WaitAsync(TimeSpan.FromSeconds(30))).IsCompleted);
    }

    [Fact]
    public async Task AWriterWithinItsShareDoesNotWait()
    {
        TcpBufferBudget budget = new(20_000, Share);
        budget.Add(20_000);
        TcpByteStreams streams = Established(budget);
        FlushResult flush = await streams.Output.WriteAsync(new byte[Share]).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(flush.IsCompleted);
        Assert.False(streams.Output.WriteAsync(new byte[1]).IsCompleted);
    }

    [Fact]
    public async Task TheEndOfTheConnectionEndsTheWaitAndGivesBackWhatWasHeld()
    {
        TcpBufferBudget budget = new(Share, Share);
        TcpByteStreams streams = Established(budget);
        Task<FlushResult> flush = streams.Output.WriteAsync(new byte[2 * Share]).AsTask();
        Assert.False(flush.IsCompleted);
        Assert.Equal(2 * Share, budget.Held);
        streams.ToSend.Complete();
        streams.EndOutput();
        Assert.True((await flush.WaitAsync(TimeSpan.FromSeconds(30))).IsCompleted);
        Assert.Equal(0, budget.Held);
        // What is written later is nobody's.
        await streams.Output.WriteAsync(new byte[10]);
        Assert.Equal(0, budget.Held);
    }

    [Fact]
    public async Task AFlushThatWaitsCanBeCancelled()
    {
        TcpByteStreams streams = Established(new(0, 0));
        Task<FlushResult> flush = streams.Output.WriteAsync(new byte[10]).AsTask();
        streams.Output.CancelPendingFlush();
        Assert.True((await flush.WaitAsync(TimeSpan.FromSeconds(30))).IsCanceled);
        using CancellationTokenSource cancellation = new();
        Task<FlushResult> second = streams.Output.WriteAsync(new byte[10], cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    // The peer sends it again, as after a loss.
    [Fact]
    public void WhatArrivesBeyondTheShareIsDroppedUntilTheApplicationReads()
    {
        TcpHarness harness = TcpHarness.Passive(Small with { TotalBuffers = Share, BufferShare = 4000 });
        uint next = TcpHarness.PeerInitial + 1;
        for (int segment = 0; segment < 8; segment++, next += 1000)
            harness.Receive(TcpFlags.Ack, next, TcpHarness.OwnInitial + 1, 1000);
        harness.Receive(TcpFlags.Ack, next, TcpHarness.OwnInitial + 1, 1000);
        Assert.Equal(1, harness.Counters.Dropped(DropCause.NoBuffer));
        Assert.Equal(8000, harness.Read().Length);
        harness.Receive(TcpFlags.Ack, next, TcpHarness.OwnInitial + 1, 1000);
        Assert.Equal(TcpHarness.Pattern(next, 1000), harness.Read());
    }

    [Fact]
    public void WhatWasNotReadIsGivenBackWhenBothSidesHaveEnded()
    {
        TcpBufferBudget budget = new(20_000, Share);
        TcpByteStreams streams = Established(budget);
        streams.Deliver(new byte[500]);
        _ = streams.Received.FlushAsync();
        Assert.Equal(500, budget.Held);
        streams.EndOutput();
        Assert.Equal(500, budget.Held);
        streams.Input.Complete();
        Assert.Equal(0, budget.Held);
    }

    private static TcpByteStreams Established(TcpBufferBudget budget)
    {
        TcpByteStreams streams = new(Small, PipeScheduler.Inline, budget);
        TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Establish);
        return streams;
    }

    private static Task<FlushResult> WriteAsync(TcpHarness harness, int length)
    {
        Task<FlushResult> flush = harness.Streams.Output.WriteAsync(new byte[length]).AsTask();
        harness.Turn();
        return flush;
    }

    private static void Acknowledge(TcpHarness harness, int octets) =>
        harness.Receive(TcpFlags.Ack, TcpHarness.PeerInitial + 1, (uint)(TcpHarness.OwnInitial + 1 + octets), window: 60_000);
}
