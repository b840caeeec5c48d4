using Troupe.Tools.Verification;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests.Verification;

public sealed class MutantTests
{
    private const string Patch = """
        Breaks: nothing is lost
        Kind: concurrency
        Area: Actors
        Tests: Verification/Coyote ActorTests
        Tests: tests/Actors
        --- a/x.cs
        +++ b/x.cs
        @@ -1 +1 @@
        -Tests: old
        +Tests: new
        """;

    private static string Root => Repository.Locate().Root;

    [Fact]
    public void APatchSaysWhatItBreaksAndWhatShouldFindIt()
    {
        var mutant = Mutant.Parse("a/lost.patch", Patch);
        Assert.Equal(("lost", "nothing is lost", true, "Actors"), (mutant.Name, mutant.Breaks, mutant.IsConcurrency, mutant.Area));
        Assert.Equal([new MutantSuite("Verification/Coyote", "ActorTests"), new MutantSuite("tests/Actors", null)], mutant.Suites);
    }

    [Theory]
    [InlineData("Kind: concurrency", "Kind: sometimes", "Kind is concurrency or other")]
    [InlineData("Area: Actors", "Area: Kitchen", "Area is one of")]
    [InlineData("Breaks: nothing is lost", "", "one line 'Breaks: ...'")]
    [InlineData("Tests: ", "Text: ", "no line 'Tests:")]
    public void APatchThatDoesNotSayItIsRefusedByName(string line, string instead, string complaint)
    {
        var header = Patch[..Patch.IndexOf("---", StringComparison.Ordinal)].Replace(line, instead, StringComparison.Ordinal);
        var error = Assert.Throws<FormatException>(() => Mutant.Parse("a/lost.patch", header));
        Assert.StartsWith("lost.patch", error.Message, StringComparison.Ordinal);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryPatchFitsTheSources()
    {
        foreach (var mutant in Mutant.All(Root))
        {
            Assert.True(await MutantTree.CheckAsync(Root, mutant.File, default) is null, $"{mutant.Name}.patch does not fit any more: mend it.");
            Assert.All(mutant.Suites, suite => Assert.True(Directory.Exists(Path.Combine(Root, suite.Project)), $"{mutant.Name}.patch: there is no {suite.Project}."));
        }

        Assert.Null(await MutantTree.CheckAsync(Root, Path.Combine(Root, "Verification", "Example", "fix.patch"), default));
    }

    [Fact]
    public void EachPatchHasAResultThatIsRecordedAndNoResultIsWithoutItsPatch()
    {
        var results = MutantResult.Read(File.ReadAllLines(Path.Combine(Root, "Verification", "Mutants", "results.tsv")));
        var mutants = Mutant.All(Root);
        Assert.Empty(results.Keys.Except(mutants.Select(mutant => mutant.Name), StringComparer.Ordinal));
        Assert.All(mutants, mutant => Assert.True(
            results.GetValueOrDefault(mutant.Name)?.Digest == mutant.Digest,
            $"{mutant.Name} is not in Verification/Mutants/results.tsv as it is now: ./troupe verify mutants --only {mutant.Name} --record"));
    }

    [Fact]
    public void APatchWhoseLinesMoveIsTheSameMutant()
    {
        var moved = Patch.Replace("@@ -1 +1 @@", "@@ -7,2 +7,2 @@\n context", StringComparison.Ordinal);
        Assert.Equal(Mutant.Parse("a.patch", Patch).Digest, Mutant.Parse("a.patch", moved).Digest);
        Assert.NotEqual(Mutant.Parse("a.patch", Patch).Digest, Mutant.Parse("a.patch", Patch.Replace("+Tests: new", "+Tests: other", StringComparison.Ordinal)).Digest);
    }

    [Fact]
    public void ASearchBeginsWithTheTestThatFoundTheMutantBefore()
    {
        MutantSuite all = new("Verification/Coyote", "ActorTests NetTests");
        MutantSearch other = new(true, 3, default, "A_lock_is_held-2");
        IEnumerable<string?> Filters(string? known, MutantSearch? found) => all.InOrder(known, found).Select(suite => suite.Filter);
        Assert.Equal([".Work_is_done", all.Filter], Filters("Troupe.Verification.Coyote.ActorTests.Work_is_done(producers: 2)", other));
        Assert.Equal([".A_lock_is_held", all.Filter], Filters("Troupe.Verification.Explorer.Tests.ActorProtocolTests.Work_is_done(producers: 2)", other));
        Assert.Equal([all.Filter], Filters(null, other with { Found = false }));
    }

    [Fact]
    public void ThereAreMutantsOfEveryAreaAndEnoughOfConcurrency()
    {
        var mutants = Mutant.All(Root);
        Assert.True(mutants.Count >= 60);
        Assert.True(mutants.Count(mutant => mutant.IsConcurrency) >= 30);
        Assert.Equal(["Actors", "Drivers", "Net", "Smp"], mutants.Select(mutant => mutant.Area).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task APatchThatDoesNotFitIsSaidToBeSo()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.patch");
        await File.WriteAllTextAsync(file, Patch + "\n");
        Assert.Contains("x.cs", await MutantTree.CheckAsync(Root, file, default), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void AComparisonIsReadBackAsItWasWritten()
    {
        MutantResult result = new("lost", "0123456789ab", MutantVerdict.Killed, "A.B(x: 1)", TimeSpan.FromSeconds(31.5), TimeSpan.FromSeconds(2))
        {
            IsCompared = true,
            Coyote = new MutantSearch(true, 17, TimeSpan.FromSeconds(0.25), "A_test-1"),
            Threads = new MutantSearch(false, 200_000, TimeSpan.FromSeconds(10), string.Empty),
        };
        Assert.Equal(result, MutantResult.Read([result.ToString()])["lost"]);
    }

    [Fact]
    public void TheRatioCountsOnlyWhatRealThreadsCouldRun()
    {
        MutantSearch found = new(true, 17, TimeSpan.FromSeconds(1), "A");
        MutantSearch held = found with { Found = false };
        MutantResult Result(MutantSearch? coyote, MutantSearch? explorer, MutantSearch? threads) =>
            new("x", "y", MutantVerdict.Killed, "z", default, default) { IsCompared = true, Coyote = coyote, Explorer = explorer, Threads = threads };
        var line = MutantResult.Ratio([Result(found, null, held), Result(held, found, found), Result(found, found, null)]);
        Assert.Contains("of 3 mutants of concurrency Coyote and the explorer killed 3 (Coyote 2, the explorer 2)", line, StringComparison.Ordinal);
        Assert.Contains("of the 2 whose bodies run on real threads, 2, and real threads 1 in the same time: 2.0 to 1", line, StringComparison.Ordinal);
    }

    [Fact]
    public void AResultIsReadBackAsItWasWritten()
    {
        MutantResult result = new("lost", "0123456789ab", MutantVerdict.Killed, "A.B(x: 1)", TimeSpan.FromSeconds(31.5), TimeSpan.FromSeconds(2));
        Assert.Equal(result, MutantResult.Read([result.ToString(), "half a line"])["lost"]);
    }
}
