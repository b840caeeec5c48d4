using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

/// <summary>The ring of one writer that is read at any time.</summary>
public sealed class TraceRingTests
{
    [Fact]
    public void What_was_written_is_read_in_order()
    {
        var ring = new TraceRing<string, ProcessorMemory>(8);
        for (int number = 1; number <= 3; number++)
            ring.Write(Record(number));

        var read = new List<TraceRecord<string>>();
        Assert.Equal(0, ring.Read(read));
        Assert.Equal([1L, 2, 3], read.Select(record => record.Time));
    }

    [Fact]
    public void A_full_ring_keeps_the_newest_but_the_one_that_may_be_overwritten_next()
    {
        var ring = new TraceRing<string, ProcessorMemory>(4);
        for (int number = 1; number <= 10; number++)
            ring.Write(Record(number));

        var read = new List<TraceRecord<string>>();
        Assert.Equal(7, ring.Read(read));
        Assert.Equal([8L, 9, 10], read.Select(record => record.Time));
    }

    [Fact]
    public void A_reader_never_sees_half_an_event()
    {
        var ring = new TraceRing<string, ProcessorMemory>(4);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            for (long number = 1; !stop.IsCancellationRequested; number++)
                ring.Write(Record(number));
        });
        writer.Start();
        int seen = 0;
        DateTime end = DateTime.UtcNow.AddSeconds(30);
        while (seen < 1_000 && DateTime.UtcNow < end)
        {
            var read = new List<TraceRecord<string>>();
            ring.Read(read);
            seen += read.Count;
            Assert.All(read, record => Assert.Equal([record.Time, record.Time, record.Time, record.Time], [record.KindAndWorker, record.Message, record.Cause, record.Flow]));
            Assert.Equal(read.Select(record => record.Time), read.Select(record => record.Time).Order().Distinct());
        }

        stop.Cancel();
        writer.Join();
        Assert.True(seen > 0, "The reader was overtaken every time.");
    }

    private static TraceRecord<string> Record(long number) => new()
    {
        Time = number,
        KindAndWorker = number,
        Message = number,
        Cause = number,
        Flow = number,
    };
}
