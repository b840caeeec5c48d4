using Troupe.Tools.Workspace;

namespace Troupe.Documentation.Tests;

/// <summary>What the driver guide shows of the source is in the source.</summary>
public sealed class ExcerptTests
{
    /// <summary>Lines that follow one another in the file it names, whatever they are indented by.</summary>
    [Fact]
    public void ABlockOfTheDriverGuideIsInTheFileItNames()
    {
        string root = Repository.Locate().Root;
        IReadOnlyList<(string File, string Code)> blocks = SampleBlock.FilesIn(File.ReadAllText(Path.Combine(root, "docs", "writing-a-driver.md")));
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.True(IsPartOf(block.Code, File.ReadAllText(Path.Combine(root, block.File))), $"{block.File} does not say\n{block.Code}"));
    }

    [Theory]
    [InlineData("b\n    c\n", true)]
    [InlineData("    b\n        c\n", true)]
    [InlineData("b\nc\n", false)]
    [InlineData("a\n    c\n", false)]
    [InlineData("c\n", true)]
    public void AnExcerptIsWholeLinesThatFollowOneAnotherIndentedAlike(string code, bool isPart) =>
        Assert.Equal(isPart, IsPartOf(code, "a\n    b\n        c\n"));

    private static bool IsPartOf(string code, string source)
    {
        string[] wanted = Lines(code.TrimEnd());
        string[] lines = Lines(source);
        for (int start = 0; start + wanted.Length <= lines.Length; start++)
        {
            if (Dedent(wanted).SequenceEqual(Dedent(lines[start..(start + wanted.Length)])))
                return true;
        }

        return false;
    }

    private static string[] Lines(string text) => text.ReplaceLineEndings("\n").Split('\n');

    private static IEnumerable<string> Dedent(string[] lines)
    {
        int indent = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return lines.Select(line => line.Length == 0 ? line : line[indent..]);
    }
}
