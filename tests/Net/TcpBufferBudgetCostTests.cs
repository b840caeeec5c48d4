// What it costs a segment that all connections count what they hold in one place. Only a release build's numbers mean something (docs/benchmarks.md).
using System.Diagnostics;
using System.IO.Pipelines;
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

/// <summary>Alone in its collection: it takes times, and counts what the process allocates.</summary>
[CollectionDefinition(nameof(TcpBufferBudgetCostTests), DisableParallelization = true)]
[Collection(nameof(TcpBufferBudgetCostTests))]
public sealed class TcpBufferBudgetCostTests(ITestOutputHelper output)
{
    private const int Segments = 20_000;
    private const int Rounds = 9;
    private const int SegmentSize = 1448;

    [Fact]
    public async Task ASegmentsShareOfTheBudgetAllocatesNothing()
    {
        byte[] segment = new byte[SegmentSize];
        TcpBufferBudget budget = new(1 << 25, 16_384);
        TcpByteStreams streams = new(new(), PipeScheduler.Inline, budget);
        TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Establish);
        double whole = Best(() => Pass(streams, segment));
        double alone = Best(() => Count(budget));

        // Another processor does the same: the line with the count goes back and forth.
        using CancellationTokenSource enough = new();
        Task other = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
                Count(budget);
        });
        double contended = Best(() => Count(budget));
        await enough.CancelAsync();
        await other;

        long allocated = Allocations.Least(() => Count(budget));
        output.WriteLine(
            $"a segment received and read: {whole:F0} ns through the streams, of which the budget (two additions, two looks) {alone:F1} ns; {contended:F1} ns beside another processor; {allocated} bytes allocated");
        Assert.Equal(0, allocated);
        Assert.Equal(0, budget.Held);
    }

    private static void Pass(TcpByteStreams streams, byte[] segment)
    {
        for (int count = 0; count < Segments; count++)
        {
            streams.Deliver(segment);
            _ = streams.Received.FlushAsync();
            streams.Input.TryRead(out ReadResult read);
            streams.Input.AdvanceTo(read.Buffer.End);
        }
    }

    // As Deliver and the application's AdvanceTo do, with the looks of RefusesInput and MayGrow.
    private static void Count(TcpBufferBudget budget)
    {
        for (int count = 0; count < Segments; count++)
        {
            if (budget.IsExhausted)
                throw new InvalidOperationException("Nobody holds as much.");
            budget.Add(SegmentSize);
            budget.Add(-SegmentSize);
            if (budget.IsExhausted)
                throw new InvalidOperationException("Nobody holds as much.");
        }
    }

    // Nanoseconds a segment.
    private static double Best(Action pass)
    {
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            pass();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / Segments);
        }

        return best;
    }
}
