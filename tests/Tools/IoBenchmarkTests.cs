using Troupe.Tools.Benchmarks;
using Troupe.Tools.Benchmarks.Io;
using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Tests;

public sealed class IoBenchmarkTests
{
    private static readonly IoWork _reads = new(IoWorkKind.Read, IsRandom: true, 4096, 1);

    [Fact]
    public void EveryRowHasANameOfItsOwn() => Assert.Equal(IoRow.All.Count, IoRow.All.Select(static row => row.Name).Distinct().Count());

    [Theory]
    [InlineData(IoMeasure.Throughput, 1.0, true)]
    [InlineData(IoMeasure.Throughput, 0.99, false)]
    [InlineData(IoMeasure.Rate, 0.99, false)]
    [InlineData(IoMeasure.Median, 1.0, true)]
    [InlineData(IoMeasure.Percentile99, 1.01, false)]
    [InlineData(IoMeasure.Rate, double.NaN, false)]
    public void BarsAreThoseOfTheIssue(IoMeasure measure, double ratio, bool met) => Assert.Equal(met, new IoRow(_reads, measure).IsMet(ratio));

    [Fact]
    public void TheGuestIsAskedForALoadOfItsDisk()
    {
        Assert.Equal("/disk?do=Read&order=random&length=4096&depth=1&seconds=2", _reads.DiskQuery(2));
        Assert.Equal("/disk?do=Write&order=sequential&length=131072&depth=1&seconds=3", new IoWork(IoWorkKind.Write, IsRandom: false, 131072, 1).DiskQuery(3));
        Assert.Null(new IoWork(IoWorkKind.Datagrams, IsRandom: false, 64, 1).DiskQuery(2));
    }

    [Fact]
    public void WhatTheGuestSaysOfItsDiskIsRead()
    {
        IoResult result = IoResult.Parse("requests 5000\nseconds 2.5\np50-microseconds 400.5\np99-microseconds 1200.0\n", _reads);
        Assert.Equal(2000, result[IoMeasure.Rate]);
        Assert.Equal(8.192, result[IoMeasure.Throughput], precision: 6);
        Assert.Equal(400.5, result[IoMeasure.Median]);
        Assert.Equal(1200, result[IoMeasure.Percentile99]);
    }

    [Theory]
    [InlineData("There is no disk.\n", "There is no disk.")]
    [InlineData("requests 5000\nseconds 2.5\n", "p50-microseconds")]
    public void WhatElseTheGuestSaysIsShown(string text, string shown)
    {
        UserError error = Assert.Throws<UserError>(() => IoResult.Parse(text, _reads));
        Assert.Contains(shown, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheClientOfDatagramsIsUnderstood()
    {
        DatagramResult result = new(1234.5, 700.1, 2500, 3);
        Assert.True(DatagramResult.TryParse(result.Line + "\n", out DatagramResult? read));
        Assert.Equal(result, read);
        Assert.False(DatagramResult.TryParse("no datagram came back", out _));
    }

    [Fact]
    public void RowsAreChosenByAPartOfTheirNames()
    {
        Assert.Equal(IoRow.All, Comparison.Matching(IoRow.All, null));
        IReadOnlyList<IoRow> datagrams = Comparison.Matching(IoRow.All, "datagrams");
        Assert.All(datagrams, static row => Assert.Equal(IoWorkKind.Datagrams, row.Work.Kind));
        Assert.Equal(4, datagrams.Count);
        UserError error = Assert.Throws<UserError>(() => Comparison.Matching(IoRow.All, "tape"));
        Assert.Contains("'tape'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheTableHasMediansRatiosAndBars()
    {
        Comparison comparison = new();
        IoRow rate = new(_reads, IoMeasure.Rate);
        IoRow time = new(_reads, IoMeasure.Percentile99);
        foreach (double value in (double[])[300, 100, 200])
            comparison.Of("troupe", 1, rate).Add(value);
        comparison.Of("linux", 1, rate).Add(100);
        comparison.Of("troupe", 1, time).Add(30);
        comparison.Of("linux", 1, time).Add(20);
        Assert.Equal(100, comparison.OfSlower(1, rate));
        Assert.Equal(
            [
                "| what | processors | troupe | linux | ratio | bar |  |",
                "|---|---|---|---|---|---|---|",
                "| random read of 4 KB, 1 at a time | 1,maxcpus=2 | 200 /s (100 to 300) | 100 /s (100 to 100) | 2.00 | at least 1.0 | met |",
                "| random read of 4 KB, 1 at a time, p99 | 1,maxcpus=2 | 30 us (30 to 30) | 20 us (20 to 20) | 1.50 | at most 1.0 | **missed** |",
            ],
            comparison.Table([rate, time], [1]));
    }
}
