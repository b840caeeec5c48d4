using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Power;

/// <summary>Disks with ext4, made and looked at by Linux's stock tools (e2fsprogs).</summary>
public static class Ext4Disk
{
    // With the smallest journal that mke2fs makes.
    private const string Size = "16M";

    /// <summary>An empty file system.</summary>
    public static async Task<VolatileDisk> MakeAsync(bool flushes, CancellationToken cancellation)
    {
        using var folder = new TemporaryFile();
        var made = await HostProcess.CaptureAsync("/usr/sbin/mke2fs", ["-q", "-t", "ext4", folder.Path, Size], cancellation).ConfigureAwait(false);
        return made.ExitCode == 0 ? VolatileDisk.Load(folder.Path, flushes) : throw new UserError($"mke2fs: {made.Output}");
    }

    /// <summary>What e2fsck has to say to a disk that nothing has to be replayed on.</summary>
    /// <exception cref="UserError">It found something.</exception>
    public static async Task CheckAsync(VolatileDisk disk, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using var folder = new TemporaryFile();
        await WriteAsync(disk, folder, cancellation).ConfigureAwait(false);
        await FindNothingAsync("-fn", folder, worst: 0, cancellation).ConfigureAwait(false);
    }

    /// <summary>The same for what a power cut has left, when Linux has replayed it; the disk stays as it is.</summary>
    /// <exception cref="UserError">It found something.</exception>
    public static async Task CheckReplayedAsync(VolatileDisk disk, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using var folder = new TemporaryFile();
        await WriteAsync(disk, folder, cancellation).ConfigureAwait(false);
        // e2fsck(8): 1 says that something was corrected, such as a file that had lost its name while it was open. A superblock that is torn, in two sectors, has a wrong checksum: it then wants
        // to be asked to look for a copy.
        var found = await HostProcess.CaptureAsync("/usr/sbin/e2fsck", ["-p", folder.Path], cancellation).ConfigureAwait(false);
        if (found.ExitCode > 1)
        {
            await FindNothingAsync(found.Output.Contains("superblock could not be read", StringComparison.Ordinal) ? "-y" : "-p", folder, worst: 1, cancellation).ConfigureAwait(false);
        }

        await FindNothingAsync("-fn", folder, worst: 0, cancellation).ConfigureAwait(false);
    }

    private static Task WriteAsync(VolatileDisk disk, TemporaryFile folder, CancellationToken cancellation) => File.WriteAllBytesAsync(folder.Path, disk.Content.ToArray(), cancellation);

    private static async Task FindNothingAsync(string how, TemporaryFile folder, int worst, CancellationToken cancellation)
    {
        var found = await HostProcess.CaptureAsync("/usr/sbin/e2fsck", [how, folder.Path], cancellation).ConfigureAwait(false);
        if (found.ExitCode > worst)
        {
            throw new UserError($"e2fsck {how} finds: {found.Output}", exitCode: ExitCodes.Failure);
        }
    }

    private sealed class TemporaryFile : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("troupe-power");

        public string Path => System.IO.Path.Combine(_folder.FullName, "disk");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
