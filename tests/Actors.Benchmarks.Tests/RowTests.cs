using System.Xml.Linq;
using Troupe.Actors.Benchmarks.Savina;
using Troupe.Tools.Benchmarks.Actors;

namespace Troupe.Actors.Benchmarks.Tests;

/// <summary>A benchmark that does not run, or whose result nobody checks, measures nothing. Small sizes: what they take is not looked at.</summary>
public sealed class RowTests
{
    private const double Part = 0.005;

    public static TheoryData<string, string> RowsOfContenders
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string contender in Contenders.Known.Keys)
            {
                foreach (Row row in Row.All)
                    data.Add(contender, row.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(RowsOfContenders))]
    public async Task EveryRowRunsToItsEnd(string name, string rowName)
    {
        await using IContender contender = Contenders.Known[name]();
        Row row = Row.All.Single(row => row.Name == rowName);
        if (rowName.StartsWith("savina", StringComparison.Ordinal) && name is not ("troupe" or "akka"))
        {
            await Assert.ThrowsAsync<NotSupportedException>(() => row.MeasureAsync(contender, Part));
            return;
        }

        Assert.True(double.IsFinite(await row.MeasureAsync(contender, Part)));
    }

    [Fact]
    public async Task AWrongResultIsNoMeasurement()
    {
        await using var system = new ActorSystem();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => new Miscounting().RunAsync(system, 3));
        Assert.Contains("came to 4; right is 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCommandAsksForTheRowsThereAre() =>
        Assert.Equal(Row.All.Select(row => row.Name).Order(), ActorRow.All.Select(row => row.Name).Order());

    [Fact]
    public void ThePlotIsWellFormedAndNamesRowsAndPeers()
    {
        string svg = RatioPlot.Draw([("a < b", [2.0, double.NaN])], ["Akka.NET", "Erlang"]);
        string text = XDocument.Parse(svg).Root!.Value;
        Assert.Contains("a < b", text, StringComparison.Ordinal);
        Assert.Contains("Erlang", text, StringComparison.Ordinal);
    }

    private sealed class Miscounting : SavinaBenchmark
    {
        internal override string Name => "miscounting";

        internal override int Size => 1;

        internal override long Expected(int size) => size;

        protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result) => result.SetResult(size + 1);

        protected override void OnAkka(Akka.Actor.IUntypedActorContext stage, int size, TaskCompletionSource<long> result) => result.SetResult(size + 1);
    }
}
