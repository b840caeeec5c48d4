using Troupe.Tools.Terminal;
using Troupe.Tools.Verification;

namespace Troupe.Tools.Tests.Verification;

public sealed class AtomicCoverageTests
{
    private static readonly string[] _list =
    [
        "0\tTroupe.Actors\tTroupe.Actors.Gate.Release: Exchange\tExchange\t_state\tGate.cs:10",
        "1\tTroupe.Actors\tTroupe.Actors.Gate.Take: CompareExchange\tCompareExchange\t_state\tGate.cs:20",
        "2\tTroupe.Actors\tTroupe.Actors.Gate.Take: Monitor.Enter\tMonitor.Enter\t_gate\tGate.cs:21",
        "3\tTroupe.Verification.Coyote\tTroupe.Verification.Protocols.X.Run: Exchange\tExchange\t\tX.cs:1",
    ];

    [Fact]
    public void AnOperationThatNothingReachesAndNobodyListedFails()
    {
        var coverage = Read(["0"], []);
        var missing = Assert.Single(coverage.Missing);
        Assert.Equal("Troupe.Actors.Gate.Take: CompareExchange", missing.Key);
        var error = Assert.Throws<UserError>(coverage.MustBeComplete);
        Assert.Contains("Gate.cs:20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllReachedIsComplete()
    {
        var coverage = Read(["0", "1"], []);
        coverage.MustBeComplete();
        Assert.Equal("2 of 2 atomic operations reached, 0 listed with a reason, 0 missing", coverage.ToString());
    }

    [Fact]
    public void AListedOperationHasItsReason()
    {
        var coverage = Read(["0"], ["# why", "Troupe.Actors.Gate.T*  only a guest does it"]);
        coverage.MustBeComplete();
        Assert.Equal("only a guest does it", coverage.Operations[1].Reason);
    }

    [Fact]
    public void ALineThatNamesNothingFails()
    {
        Assert.Contains("Gate.Gone", Assert.Throws<UserError>(Read(["0", "1"], ["Troupe.Actors.Gate.Gone: Exchange  reason"]).MustBeComplete).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Read([], ["Troupe.Actors.Gate.Release: Exchange"]));
    }

    [Fact]
    public void OneProjectReachesForAll()
    {
        var coverage = AtomicCoverage.Read(
            new Dictionary<string, IEnumerable<string>> { ["one"] = _list, ["two"] = _list },
            new Dictionary<string, IEnumerable<string>> { ["one"] = ["0"], ["two"] = ["1"] }, []);
        coverage.MustBeComplete();
    }

    private static AtomicCoverage Read(string[] hits, string[] unreached) => AtomicCoverage.Read(
        new Dictionary<string, IEnumerable<string>> { ["one"] = _list }, new Dictionary<string, IEnumerable<string>> { ["one"] = hits }, unreached);
}
