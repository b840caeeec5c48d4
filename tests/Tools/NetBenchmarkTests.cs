using System.Globalization;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Benchmarks.Net;

namespace Troupe.Tools.Tests;

public sealed class NetBenchmarkTests
{
    [Fact]
    public void EveryRowHasANameOfItsOwn() => Assert.Equal(NetRow.All.Count, NetRow.All.Select(static row => row.Name).Distinct().Count());

    [Theory]
    [InlineData(NetRowKind.BulkReceive, 1.0, true)]
    [InlineData(NetRowKind.BulkSend, 0.99, false)]
    [InlineData(NetRowKind.KeepAlive, 2.0, true)]
    [InlineData(NetRowKind.Close, 1.9, false)]
    [InlineData(NetRowKind.Latency, 1.0, true)]
    [InlineData(NetRowKind.Latency, 1.01, false)]
    [InlineData(NetRowKind.RequestReply, 0.1, true)]
    public void BarsAreThoseOfTheIssue(NetRowKind kind, double ratio, bool met) => Assert.Equal(met, new NetRow(kind, 1).IsMet(ratio));

    [Fact]
    public void AnswersAreSortedAndFailuresLeftOut()
    {
        string[] log = [.. Enumerable.Range(1, 200).Reverse().Select(static number => string.Create(CultureInfo.InvariantCulture, $"1700000000000000\t200\t{number * 1000}")),
            "1700000000000000\t-1\t9999999", "cut off"];
        Assert.Equal(198, LoadGenerator.Percentile99(log));
        Assert.Null(LoadGenerator.Percentile99([]));
    }

    [Fact]
    public void WhatWrkPrintsIsRead()
    {
        const string Output = """
              1234 requests in 2.00s, 1.2MB read
              Socket errors: connect 1, read 2, write 0, timeout 3
            Requests/sec:    617.25
            """;
        Assert.True(LoadGenerator.TryRead(Output, out LoadResult? load));
        Assert.Equal(new LoadResult(1234, 617.25, 6), load);
        Assert.False(LoadGenerator.TryRead("unable to connect", out _));
    }
}
