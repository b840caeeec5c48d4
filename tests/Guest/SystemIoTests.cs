using System.Diagnostics;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Apps/SelfTest, `calls`: System.IO on the file system of a disk, beside the same program on Linux's files; then Linux looks at what is on the disk.</summary>
public sealed class SystemIoTests : IDisposable
{
    private const string Prefix = "case ";

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(4);

    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-system-io").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // One program disposes of its application, which unmounts; the other only ends.
    [Theory]
    [InlineData(GuestMachine.Q35, 1, "")]
    [InlineData(GuestMachine.MicroVm, 2, " keep")]
    public async Task EveryCaseAnswersAsOnLinuxAndLinuxFindsWhatIsLeft(GuestMachine machine, int processors, string end)
    {
        var content = Path.Combine(_folder, "content");
        Directory.CreateDirectory(Path.Combine(content, "t"));
        Directory.CreateDirectory(Path.Combine(content, "tmp"));
        var disk = Path.Combine(_folder, "disk");
        Run("mke2fs", $"-q -t ext4 -d {content} {disk} 64M");
        using var guest = Guest.Boot("Apps/SelfTest", options => options with
        {
            Machine = machine,
            Processors = processors,
            Network = new GuestNetwork(GuestNetworkKind.None),
            Disks = [disk],
            CommandLine = "calls /t" + end,
        });
        var linux = CasesOf((await RunHostedAsync()).Split('\n'));
        await guest.ExitsWithAsync(0, _longest);
        var ours = CasesOf(guest.Lines);
        Assert.Empty(linux.Keys.Union(ours.Keys)
            .Where(name => linux.GetValueOrDefault(name) != ours.GetValueOrDefault(name))
            .Select(name => $"{name}: Linux '{linux.GetValueOrDefault(name)}', here '{ours.GetValueOrDefault(name)}'"));
        Assert.InRange(ours.Count, 45, int.MaxValue);
        Assert.StartsWith("<!doctype html>|", ours["before the start"], StringComparison.Ordinal);
        Assert.Contains("calls: an asset that is written to: UnauthorizedAccessException", guest.Lines);

        Run("e2fsck", $"-fn {disk}");
        Assert.DoesNotContain("needs_recovery", Run("debugfs", $"-R \"features\" {disk}"), StringComparison.Ordinal);
        Assert.Equal("left by System.IO", Run("debugfs", $"-R \"cat /t/kept/deep/text\" {disk}"));
        var taken = Path.Combine(_folder, "bytes");
        Run("debugfs", $"-R \"dump /t/kept/deep/bytes {taken}\" {disk}");
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(_folder, "hosted", "kept", "deep", "bytes")), await File.ReadAllBytesAsync(taken));
    }

    private async Task<string> RunHostedAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "hosted")).FullName;
        var repository = Repository.Locate();
        var program = await new HostedBuild(repository).EnsureAsync(repository.FindApp("Apps/SelfTest"), CancellationToken.None);
        var result = await HostProcess.CaptureAsync("dotnet", [program, "calls", folder], CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    private static Dictionary<string, string> CasesOf(IEnumerable<string> lines) => lines
        .Where(static line => line.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(static line => line[Prefix.Length..].TrimEnd('\r').Split(':', 2))
        .ToDictionary(static parts => parts[0], static parts => parts[1].Trim());

    private static string Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/sbin/" + program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {arguments}: {output}{errors.GetAwaiter().GetResult()}");
        return output;
    }
}
