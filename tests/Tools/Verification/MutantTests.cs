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
