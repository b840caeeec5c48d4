using Troupe.Tools.Terminal;

namespace Troupe.Tools.Guests;

/// <summary>Files that are to be a guest's disks.</summary>
public static class GuestDisks
{
    /// <summary>A virtio-blk sector.</summary>
    private const int SectorSize = 512;

    /// <summary>Fewer than a q35 of QEMU has free places for, and a microvm.</summary>
    private const int Most = 8;

    /// <summary>The files' full names; says what is wrong with one that cannot be a disk.</summary>
    public static IReadOnlyList<string> Check(IReadOnlyList<string> files)
    {
        if (files.Count > Most)
        {
            throw new UserError($"--disk stands there {files.Count} times; a guest has {Most} disks at most.");
        }

        var disks = files.Select(Named).ToList();
        return disks.GroupBy(static disk => disk, StringComparer.Ordinal).FirstOrDefault(static same => same.Count() > 1) is { Key: var twice }
            ? throw new UserError($"'{twice}' stands there twice; each disk needs a file of its own.")
            : disks;
    }

    private static string Named(string file)
    {
        if (file.Length == 0)
        {
            throw new UserError("--disk has no file.", "Write --disk FILE.");
        }

        if (Directory.Exists(file))
        {
            throw new UserError($"'{file}' is a directory, and a disk is a file.", $"Make one in it: truncate -s 64M {Path.Join(file, "disk.img")}");
        }

        if (!File.Exists(file))
        {
            throw new UserError($"there is no disk '{file}'.", $"Make an empty one: truncate -s 64M {file}");
        }

        var length = Length(file);
        if (length == 0 || length % SectorSize != 0)
        {
            throw new UserError(
                $"'{file}' has {length} bytes; a disk has a whole number of sectors of {SectorSize} bytes, one at least.",
                length == 0 ? $"Give it a size: truncate -s 64M {file}" : $"Round it up: truncate -s %{SectorSize} {file}");
        }

        return Path.GetFullPath(file);
    }

    // Opened as QEMU does, so that what it may not do is said here.
    private static long Length(string file)
    {
        try
        {
            using var opened = File.Open(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return opened.Length;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new UserError($"'{file}' cannot be read and written: {exception.Message}");
        }
    }
}
