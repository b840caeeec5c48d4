using System.Text.RegularExpressions;
using Troupe.Tools.Workspace;

namespace Troupe.Architecture.Tests;

/// <summary>What every source file keeps to.</summary>
public sealed partial class SourceFileTests
{
    private const int LongestFile = 500;

    private static IEnumerable<string> Code => SourceTree.Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".S", StringComparison.Ordinal));

    [Fact]
    public void NoFileIsLongerThanOneConceptNeeds()
    {
        var longer = Code.Where(file => SourceTree.Read(file).Count(character => character == '\n') > LongestFile).ToList();
        Assert.Empty(longer);
    }

    [Fact]
    public void NoFileNamesAPathOfOneMachine()
    {
        var text = SourceTree.Files.Where(file => !file.EndsWith(".png", StringComparison.Ordinal) && file != "tests/Architecture/SourceFileTests.cs");
        var naming = text.Where(file => MachinePath().IsMatch(SourceTree.Read(file))).ToList();
        Assert.Empty(naming);
    }

    [Fact]
    public async Task WhitespaceIsAsTheEditorconfigSays()
    {
        var result = await HostProcess.CaptureAsync(
            "dotnet",
            ["format", "whitespace", ".", "--folder", "--verify-no-changes", "--exclude", "artifacts", "--exclude", ".troupe"],
            CancellationToken.None,
            SourceTree.Repository.Root);
        Assert.True(result.ExitCode == 0, "run: dotnet format whitespace . --folder\n" + result.Output);
    }

    [GeneratedRegex(@"(?<![\w.])/(root|home/\w+|work|farm|tmp/w)/")]
    private static partial Regex MachinePath();
}
