using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Kills;
using Troupe.Tools.Testing.Power;

namespace Troupe.Tools.Tests.Power;

/// <summary>What a guest that came back must have found.</summary>
public sealed class StoreLedgerTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void WhatWasAcknowledgedIsThereOrWhatWasAskedForSince(int found)
    {
        var ledger = Told("ask k 7 .", "acknowledged k 7 .", "ask k 8 .");
        ledger.Read($"store: found k {found} .");
        Assert.Equal(1, ledger.Found);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(9)]
    public void AnythingElseIsALoss(int found)
    {
        var ledger = Told("ask k 6 .", "acknowledged k 6 .", "ask k 7 .", "acknowledged k 7 .", "ask k 8 .");
        Assert.Contains("acknowledged was 7", Assert.Throws<UserError>(() => ledger.Read($"store: found k {found} .")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasFoundMustBeFoundAgain()
    {
        var ledger = Told("ask k 7 .", "acknowledged k 7 .", "ask k 8 .", "found k 8 .");
        ledger.Boot();
        Assert.Throws<UserError>(() => ledger.Read("store: found k 7 ."));
    }

    [Fact]
    public void AfterEveryFifthChangeThereIsNothing()
    {
        var ledger = Told("ask k 10 .", "acknowledged k 10 .", "found k 0 .");
        Assert.Throws<UserError>(() => ledger.Read("store: found k 10 ."));
    }

    [Fact]
    public void ALineThatThePowerCutOffSaysNothing()
    {
        var ledger = Told("ask k 17 .", "acknowledged k 17 .", "ask k 1", "acknowledged k", "", "found k 17 .");
        Assert.Equal(1, ledger.Acknowledged);
    }

    [Theory]
    [InlineData("Policy = Restart, Patstore: acknowledged k 17 .")]
    [InlineData("Policy = Restart, Pat store: acknowledged k 17 .")]
    public void ALineThatBeginsInTheMiddleOfAFailuresReportIsRead(string line)
    {
        var ledger = Told("ask k 17 .");
        ledger.Read(line);
        ledger.Read("Policy = Restart, Patstore: ask k 18 .");
        Assert.Equal(1, ledger.Acknowledged);
        ledger.Read("store: found k 17 .");
    }

    [Fact]
    public void AStoreThatFailsInTheMiddleOfAnotherLineIsALoss() => Assert.Throws<UserError>(() => new StoreLedger().Read("Patstore FAILED: the log is damaged"));

    [Fact]
    public void AStoreThatFailsIsALoss() => Assert.Throws<UserError>(() => Told().Read("store FAILED: the log is damaged"));

    [Fact]
    public void AGuestIsCheckedWhenItHasLookedAtEverything()
    {
        var ledger = Told("checked .");
        Assert.True(ledger.IsChecked);
        ledger.Boot();
        Assert.False(ledger.IsChecked);
    }

    [Fact]
    public void WhatWasAcknowledgedIsCountedByKind()
    {
        var ledger = Told("acknowledged store/0/1 1 .", "acknowledged files/0/1 2 .", "acknowledged files/1/1 3 .");
        Assert.Equal((1, 2, 0, 3), (ledger.AcknowledgedOf("store"), ledger.AcknowledgedOf("files"), ledger.AcknowledgedOf("disk"), ledger.Acknowledged));
    }

    [Fact]
    public void APercentileIsTheValueThatAShareDoesNotExceed()
    {
        var outages = new Percentiles();
        Assert.True(double.IsNaN(outages.At(0.5)));
        Enumerable.Range(1, 200).Reverse().ToList().ForEach(value => outages.Add(value));
        Assert.Equal((100, 198, 200), (outages.At(0.5), outages.At(0.99), outages.Most));
    }

    private static StoreLedger Told(params string[] lines)
    {
        var ledger = new StoreLedger();
        foreach (var line in lines)
        {
            ledger.Read("store: " + line);
        }

        return ledger;
    }
}
