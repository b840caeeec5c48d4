using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Net;

namespace Troupe.Tools.Tests;

public sealed class TransferComparisonTests
{
    private static readonly TransferCase _case = new(1, 4, new TransferCell("loss", new Impairment(), 1 << 20), FromGuest: true);

    [Theory]
    [InlineData(0.79, true)]
    [InlineData(0.81, false)]
    public void OursIsTooSlowBelowFourFifthsOfTheLinuxGuests(double rate, bool isTooSlow) => Assert.Equal(isTooSlow, At(rate).IsTooSlow(At(1)));

    [Fact]
    public void WhatFailedIsNotComparedByItsSpeed()
    {
        Assert.False((At(0.1) with { Failure = "broke off" }).IsTooSlow(At(1)));
        Assert.False(At(0.1).IsTooSlow(At(1) with { Failure = "broke off" }));
    }

    [Fact]
    public void OfRepetitionsTheMedianCounts() => Assert.Equal(2, Transfer.MedianOf([At(9), At(1), At(2)]).Rate);

    [Fact]
    public void OneFailureAmongRepetitionsIsTheOutcome() => Assert.Equal("broke off", Transfer.MedianOf([At(9), At(1) with { Failure = "broke off" }, At(2)]).Failure);

    private static Transfer At(double rate) => new("guest", _case, rate, null, null);
}
