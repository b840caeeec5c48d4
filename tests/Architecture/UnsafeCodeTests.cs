using System.Text.RegularExpressions;
using Troupe.Tools.Workspace;

namespace Troupe.Architecture.Tests;

/// <summary>Unsafe code and its disguises live in Core/Machine and Smp. The compiler refuses them elsewhere; these tests see to it that it does.</summary>
public sealed partial class UnsafeCodeTests
{
    private static readonly string[] _mayBeUnsafe = ["Core/Machine/", "Smp/", "tests/", "Verification/"];

    /// <summary>Where a banned name is allowed all the same: the file, and why.</summary>
    private static readonly Dictionary<string, string> _exceptions = new()
    {
        ["Apps/SelfTest/SelfTest.csproj"] = "tests that the runtime's own clocks, sleeps and native memory work in the guest",
    };

    [Fact]
    public void UnsafeBlocksAreAllowedOnlyWhereTheArchitectureSaysSo()
    {
        var allowing = SourceTree.Files
            .Where(file => ProjectOrImport().IsMatch(file) && SourceTree.Read(file).Contains("<AllowUnsafeBlocks>true", StringComparison.OrdinalIgnoreCase));
        Assert.All(allowing, file => Assert.Contains(_mayBeUnsafe, file.StartsWith));
    }

    [Fact]
    public void NoBannedNameIsAllowedWithoutAReason()
    {
        var suppressing = SourceTree.Files
            .Where(file => (file.EndsWith(".cs", StringComparison.Ordinal) || ProjectOrImport().IsMatch(file)) && !file.StartsWith("tests/", StringComparison.Ordinal))
            .Where(file => SourceTree.Read(file).Contains("RS0030", StringComparison.Ordinal));
        Assert.All(suppressing, file => Assert.Contains(file, _exceptions.Keys));
    }

    [Theory]
    [InlineData("Violations")]
    [InlineData("Pointers")]
    [InlineData("Isolation")]
    public async Task EveryPlantedViolationIsRefusedByTheCompiler(string planted)
    {
        var file = planted + ".cs";
        const string folder = "tests/Architecture/Planted/";
        string[] arguments = ["build", SourceTree.Absolute(folder + "Planted.csproj"), "--nologo", "-v", "quiet", $"-p:Planted={planted}"];
        var build = await HostProcess.CaptureAsync("dotnet", arguments, CancellationToken.None, SourceTree.Repository.Root);
        Assert.NotEqual(0, build.ExitCode);
        var marks = SourceTree.Read(folder + file).Split('\n')
            .Select((line, index) => (Number: index + 1, Mark: Refused().Match(line)))
            .Where(line => line.Mark.Success)
            .ToList();
        Assert.NotEmpty(marks);
        Assert.All(marks, line => Assert.Matches(
            $@"{Regex.Escape(file)}\({line.Number},\d+\): error .*{Regex.Escape(line.Mark.Groups[1].Value)}", build.Output));
    }

    [GeneratedRegex(@"\.(csproj|props|targets)$")]
    private static partial Regex ProjectOrImport();

    [GeneratedRegex(@"// refused: (.+)$")]
    private static partial Regex Refused();
}
