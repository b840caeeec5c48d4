using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests;

/// <summary>TroupeAsset of Tools/Build/Troupe.App.targets: which files a project may name, and where each is to be.</summary>
public sealed class AssetTargetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-assets").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AFileHasItsPathOrItsLink()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "project", "pages", "deep"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "project", "pages", "deep", "a b.txt"), "a");
        var outside = Path.Combine(_folder, "outside.txt");
        await File.WriteAllTextAsync(outside, "b");
        File.SetLastWriteTimeUtc(outside, DateTime.UnixEpoch.AddSeconds(1_000_000_000));
        var result = await ListAsync("""<TroupeAsset Include="pages/**" /><TroupeAsset Include="../outside.txt" Link="words/..one.two." />""");
        Assert.True(result.ExitCode == 0, result.Output);
        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "project", "objects", "native", "image-files.inc"));
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("    file \"pages/deep/a b.txt\", ", lines[0], StringComparison.Ordinal);
        Assert.Equal($"    file \"words/..one.two.\", 1000000000, \"{outside}\"", lines[1]);
    }

    [Theory]
    [InlineData("nothing.txt", "", "is not there")]
    [InlineData("../outside.txt", "", "cannot have these paths")]
    [InlineData("../outside.txt", "a/../../b", "cannot have these paths")]
    [InlineData("../outside.txt", "/b", "cannot have these paths")]
    [InlineData("../outside.txt", "a/..", "cannot have these paths")]
    [InlineData("../outside.txt", "a//b", "cannot have these paths")]
    [InlineData("../outside.txt", "a\\b", "cannot have these paths")]
    [InlineData("../outside.txt", "a/", "cannot have these paths")]
    [InlineData("../outside.txt", "a&quot;b", "cannot have these paths")]
    public async Task AFileThatCannotBeThereIsRefused(string file, string link, string reason)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "project"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "outside.txt"), "b");
        var result = await ListAsync($"""<TroupeAsset Include="{file}" Link="{link}" />""");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoFilesOfOnePathAreRefusedAndNamesThatDifferInCaseAreNot()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "project", "pages"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "outside.txt"), "b");
        await File.WriteAllTextAsync(Path.Combine(_folder, "project", "pages", "a.txt"), "a");
        const string Pages = """<TroupeAsset Include="pages/**" />""";
        var two = await ListAsync($"""{Pages}<TroupeAsset Include="../outside.txt" Link="pages/a.txt" />""");
        Assert.NotEqual(0, two.ExitCode);
        Assert.Contains("more than one file for these paths below /assets: pages/a.txt.", two.Output, StringComparison.Ordinal);
        var apart = await ListAsync($"""{Pages}<TroupeAsset Include="../outside.txt" Link="pages/A.txt" />""");
        Assert.True(apart.ExitCode == 0, apart.Output);
    }

    private async Task<HostProcessResult> ListAsync(string items)
    {
        var project = Path.Combine(_folder, "project", "app.proj");
        var targets = Path.Combine(Repository.Locate().Root, "Tools", "Build", "Troupe.App.targets");
        await File.WriteAllTextAsync(project, $"""
            <Project>
              <PropertyGroup><TroupeImage>true</TroupeImage><IntermediateOutputPath>{_folder}/project/objects/</IntermediateOutputPath></PropertyGroup>
              <Import Project="{targets}" />
              <ItemGroup>{items}</ItemGroup>
            </Project>
            """);
        return await HostProcess.CaptureAsync("dotnet", ["msbuild", project, "-t:TroupeAssetList", "-nologo", "-v:q"], CancellationToken.None);
    }
}
