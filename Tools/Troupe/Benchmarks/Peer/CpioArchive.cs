using System.Globalization;
using System.Text;

namespace Troupe.Tools.Benchmarks.Peer;

/// <summary>Writes the archive that Linux unpacks as its first file system: cpio "newc",
/// Documentation/driver-api/early-userspace/buffer-format.rst of Linux.</summary>
public sealed class CpioArchive(Stream output)
{
    private const int Directory = 0x4000;
    private const int RegularFile = 0x8000;
    private const int SymbolicLink = 0xA000;
    private const int CharacterDevice = 0x2000;
    private const int Readable = 0x1ED; // 0755
    private const int Alignment = 4;

    private int _number;

    /// <summary>Adds a directory.</summary>
    public void AddDirectory(string name) => Add(name, Directory | Readable, [], 0, 0);

    /// <summary>Adds a file that may be executed.</summary>
    public void AddFile(string name, byte[] content) => Add(name, RegularFile | Readable, content, 0, 0);

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string name, string target) => Add(name, SymbolicLink | Readable, Encoding.ASCII.GetBytes(target), 0, 0);

    /// <summary>Adds a character device.</summary>
    public void AddDevice(string name, int major, int minor) => Add(name, CharacterDevice | Readable, [], major, minor);

    /// <summary>Ends the archive.</summary>
    public void Complete() => Add("TRAILER!!!", 0, [], 0, 0);

    private void Add(string name, int mode, byte[] content, int major, int minor)
    {
        // Magic, then: inode, mode, owner, group, links, time, size, device of the file (2), device it stands for (2), name size, sum.
        int[] fields = [++_number, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, Encoding.ASCII.GetByteCount(name) + 1, 0];
        var header = "070701" + string.Concat(fields.Select(field => field.ToString("X8", CultureInfo.InvariantCulture))) + name + '\0';
        Write(Encoding.ASCII.GetBytes(header));
        Write(content);
    }

    private void Write(byte[] bytes)
    {
        output.Write(bytes);
        output.Write(new byte[-bytes.Length & (Alignment - 1)]);
    }
}
