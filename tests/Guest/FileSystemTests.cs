using System.Diagnostics;
using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>A guest with a disk that Linux's mke2fs made: it reads and changes files over several boots, one in two of which leaves a journal to replay, and e2fsck has nothing to say to what is left.</summary>
public sealed class FileSystemTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-ext4").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 1)]
    public async Task FilesAreThereWhenTheGuestBootsAgainAndWhenLinuxLooks(GuestMachine machine, int processors)
    {
        const int Boots = 4;
        var content = Directory.CreateDirectory(Path.Combine(_folder, "content")).FullName;
        await File.WriteAllTextAsync(Path.Combine(content, "from linux"), "hello, guest");
        var disk = Path.Combine(_folder, "disk");
        Run("mke2fs", $"-q -t ext4 -d {content} {disk} 32M");
        for (var boot = 0; boot < Boots; boot++)
        {
            using var guest = Guest.Boot("Apps/SelfTest", options => options with
            {
                Machine = machine,
                Processors = processors,
                Network = new GuestNetwork(GuestNetworkKind.None),
                Disks = [disk],
                CommandLine = "files",
            });
            await guest.SaysAsync("files: Linux left 'hello, guest'");
            await guest.SaysAsync($"files: {(boot == 0 ? "0 of 0" : "20 of 20")} are as boot {boot} left them");
            await guest.SaysAsync($"files: boot {boot + 1} replayed {boot % 2} transactions");
            await guest.ExitsWithAsync(0);
        }

        Run("e2fsck", $"-fn {disk}");
        Assert.Equal($"{Boots}", Run("debugfs", $"-R \"cat /boots\" {disk}"));
    }

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
