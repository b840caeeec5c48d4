using System.Text;

namespace Troupe.Apps.SelfTest;

/// <summary>What ordinary code does with files, each in a folder of its own. No answer has a path or a time of the clock in it.</summary>
internal static class FileCases
{
    internal static IReadOnlyList<(string Name, Func<string, Task<string>> Run)> All { get; } =
    [
        ("write and read text", Plain(static at =>
        {
            File.WriteAllText(at("a"), "one");
            File.WriteAllText(at("a"), "two, ä €");
            return File.ReadAllText(at("a")) + new FileInfo(at("a")).Length;
        })),
        ("append lines", Plain(static at =>
        {
            File.AppendAllLines(at("a"), ["1", "2"]);
            File.AppendAllLines(at("a"), ["3"]);
            File.AppendAllText(at("a"), "4");
            return string.Join(',', File.ReadLines(at("a")));
        })),
        ("large bytes", Plain(static at =>
        {
            byte[] bytes = Content(1_500_000);
            File.WriteAllBytes(at("a"), bytes);
            return File.ReadAllBytes(at("a")).AsSpan().SequenceEqual(bytes);
        })),
        ("stream with seeks", Plain(static at =>
        {
            using FileStream stream = new(at("a"), FileMode.CreateNew, FileAccess.ReadWrite);
            stream.Write("0123456789"u8);
            stream.Seek(-4, SeekOrigin.End);
            stream.Write("abc"u8);
            stream.Position = 2;
            byte[] read = new byte[20];
            int count = stream.Read(read);
            return $"{Encoding.ASCII.GetString(read, 0, count)} {stream.Position} {stream.Length}";
        })),
        ("hole and length", Plain(static at =>
        {
            using FileStream stream = new(at("a"), FileMode.Create);
            stream.SetLength(100_000);
            stream.Position = 50_000;
            stream.WriteByte(7);
            stream.SetLength(50_001);
            stream.Position = 49_999;
            return $"{stream.ReadByte()} {stream.ReadByte()} {stream.ReadByte()} {stream.Length}";
        })),
        ("cut and longer again", Plain(static at =>
        {
            using FileStream stream = new(at("a"), FileMode.Create);
            stream.Write(Content(10_000));
            stream.SetLength(10);
            stream.SetLength(20);
            stream.Position = 10;
            byte[] read = new byte[20];
            return $"{stream.Read(read)} {read.All(static one => one == 0)}";
        })),
        ("flush to disk", Plain(static at =>
        {
            using FileStream stream = new(at("a"), FileMode.Create);
            stream.WriteByte(1);
            stream.Flush(flushToDisk: true);
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
            return new FileInfo(at("a")).Length;
        })),
        ("write through", Plain(static at =>
        {
            using (FileStream stream = new(at("a"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.WriteThrough))
                stream.Write("through"u8);
            return File.ReadAllText(at("a"));
        })),
        ("asynchronous stream", async folder =>
        {
            string path = Path.Combine(folder, "a");
            await using (FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous))
            {
                for (int number = 0; number < 300; number++)
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"{number} "));
                await stream.FlushAsync();
            }

            string text = await File.ReadAllTextAsync(path);
            await File.AppendAllTextAsync(path, "end");
            return $"{text.Length} {text.Split(' ').Length} {(await File.ReadAllTextAsync(path)).EndsWith("end", StringComparison.Ordinal)}";
        }),
        ("random access", Plain(static at =>
        {
            using var handle = File.OpenHandle(at("a"), FileMode.Create, FileAccess.ReadWrite);
            RandomAccess.Write(handle, "world"u8, 6);
            RandomAccess.Write(handle, [Encoding.ASCII.GetBytes("hel"), Encoding.ASCII.GetBytes("lo ")], 0);
            byte[] first = new byte[4], second = new byte[20];
            long count = RandomAccess.Read(handle, [first, second], 1);
            RandomAccess.SetLength(handle, 5);
            return $"{count} {Encoding.ASCII.GetString(first)}|{Encoding.ASCII.GetString(second, 0, (int)count - 4)} {RandomAccess.GetLength(handle)}";
        })),
        ("append mode", Plain(static at =>
        {
            File.WriteAllText(at("a"), "begin");
            using (FileStream stream = new(at("a"), FileMode.Append))
                stream.Write(" end"u8);
            return File.ReadAllText(at("a"));
        })),
        ("truncate mode", Plain(static at =>
        {
            File.WriteAllText(at("a"), "begin");
            using (FileStream stream = new(at("a"), FileMode.Truncate))
                stream.Write("new"u8);
            return File.ReadAllText(at("a"));
        })),
        ("directories", Plain(static at =>
        {
            Directory.CreateDirectory(at("d/e/f"));
            Directory.CreateDirectory(at("d/e"));
            File.WriteAllText(at("d/1.txt"), "");
            File.WriteAllText(at("d/e/2.txt"), "");
            File.WriteAllText(at("d/e/f/3.log"), "");
            string names = string.Join(',', Directory.EnumerateFileSystemEntries(at("d"), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(at("d"), path)).Order(StringComparer.Ordinal));
            string files = string.Join(',', Directory.EnumerateFiles(at("d"), "*.txt", SearchOption.AllDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Directory.Delete(at("d"), recursive: true);
            return $"{names} {files} {Directory.Exists(at("d"))}";
        })),
        ("a large directory", Plain(static at =>
        {
            for (int number = 0; number < 700; number++)
                File.WriteAllText(at($"file with number {number}"), "");
            int there = Directory.GetFiles(at(".")).Length;
            foreach (string file in Directory.EnumerateFiles(at("."), "*1"))
                File.Delete(file);
            return $"{there} {Directory.GetFiles(at(".")).Length}";
        })),
        ("move", Plain(static at =>
        {
            File.WriteAllText(at("a"), "a");
            File.Move(at("a"), at("b"));
            File.WriteAllText(at("c"), "c");
            File.Move(at("b"), at("c"), overwrite: true);
            Directory.CreateDirectory(at("d/e"));
            Directory.Move(at("d/e"), at("f"));
            return $"{File.Exists(at("a"))} {File.ReadAllText(at("c"))} {Directory.Exists(at("f"))} {Directory.GetFileSystemEntries(at("d")).Length}";
        })),
        ("copy", Plain(static at =>
        {
            File.WriteAllBytes(at("a"), Content(200_000));
            File.SetLastWriteTimeUtc(at("a"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
            File.SetUnixFileMode(at("a"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Copy(at("a"), at("b"));
            File.WriteAllText(at("c"), new string('x', 300_000));
            File.Copy(at("a"), at("c"), overwrite: true);
            return $"{File.ReadAllBytes(at("b")).AsSpan().SequenceEqual(Content(200_000))} {new FileInfo(at("c")).Length} {File.GetLastWriteTimeUtc(at("b")):s} {File.GetUnixFileMode(at("b"))}";
        })),
        ("replace", Plain(static at =>
        {
            File.WriteAllText(at("new"), "new");
            File.WriteAllText(at("old"), "old");
            File.Replace(at("new"), at("old"), at("backup"));
            string first = $"{File.Exists(at("new"))} {File.ReadAllText(at("old"))} {File.ReadAllText(at("backup"))}";
            File.WriteAllText(at("newer"), "newer");
            File.Replace(at("newer"), at("old"), null);
            return $"{first} {File.ReadAllText(at("old"))}";
        })),
        ("information", Plain(static at =>
        {
            File.WriteAllText(at("a"), "12345");
            FileInfo file = new(at("a"));
            DirectoryInfo folder = new(at("."));
            bool isNow = Math.Abs((file.LastWriteTimeUtc - DateTime.UtcNow).TotalMinutes) < 1;
            return $"{file.Exists} {file.Length} {file.Attributes} {folder.Exists} {folder.Attributes} {isNow} {file.IsReadOnly} {new FileInfo(at("b")).Exists}";
        })),
        ("times", Plain(static at =>
        {
            File.WriteAllText(at("a"), "");
            File.SetLastWriteTimeUtc(at("a"), new DateTime(1999, 12, 31, 23, 59, 58, 123, DateTimeKind.Utc));
            File.SetLastAccessTimeUtc(at("a"), new DateTime(2100, 1, 2, 3, 4, 5, DateTimeKind.Utc));
            Directory.SetLastWriteTimeUtc(at("."), new DateTime(1960, 5, 6, 0, 0, 0, DateTimeKind.Utc));
            return $"{File.GetLastWriteTimeUtc(at("a")):o} {File.GetLastAccessTimeUtc(at("a")):o} {Directory.GetLastWriteTimeUtc(at(".")):o}";
        })),
        ("permissions", Plain(static at =>
        {
            File.WriteAllText(at("a"), "");
            Directory.CreateDirectory(at("d"));
            string made = $"{File.GetUnixFileMode(at("a"))} {File.GetUnixFileMode(at("d"))}";
            File.SetUnixFileMode(at("a"), UnixFileMode.UserRead);
            File.SetAttributes(at("d"), FileAttributes.ReadOnly | FileAttributes.Directory);
            return $"{made} {File.GetUnixFileMode(at("a"))} {File.GetAttributes(at("a"))} {File.GetUnixFileMode(at("d"))}";
        })),
        ("links", Plain(static at =>
        {
            File.WriteAllText(at("a"), "through a link");
            File.CreateSymbolicLink(at("l"), "a");
            File.CreateSymbolicLink(at("m"), at("l"));
            File.CreateSymbolicLink(at("n"), "nowhere");
            FileInfo link = new(at("m"));
            string read = $"{File.ReadAllText(at("m"))} {link.Attributes} {new FileInfo(at("l")).LinkTarget} {Path.GetFileName(link.ResolveLinkTarget(returnFinalTarget: true)?.FullName)}";
            File.Delete(at("l"));
            return $"{read} {File.Exists(at("a"))} {File.Exists(at("n"))} {Directory.GetFiles(at(".")).Length}";
        })),
        ("a deleted file that is open", Plain(static at =>
        {
            using FileStream stream = new(at("a"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            stream.Write("still here"u8);
            stream.Flush();
            File.Delete(at("a"));
            stream.Position = 0;
            return $"{File.Exists(at("a"))} {new StreamReader(stream).ReadToEnd()}";
        })),
        ("delete on close", Plain(static at =>
        {
            using (FileStream stream = new(at("a"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 16, FileOptions.DeleteOnClose))
                stream.WriteByte(1);
            return File.Exists(at("a"));
        })),
        ("current directory", Plain(static at =>
        {
            string before = Directory.GetCurrentDirectory();
            Directory.SetCurrentDirectory(at("."));
            try
            {
                File.WriteAllText("relative", "r");
                return $"{File.ReadAllText(at("relative"))} {Path.GetFullPath("relative") == at("relative")}";
            }
            finally
            {
                Directory.SetCurrentDirectory(before);
            }
        })),
        ("temporary names", Plain(static at =>
        {
            string first = Directory.CreateTempSubdirectory("x-").FullName, second = Directory.CreateTempSubdirectory("x-").FullName, file = Path.GetTempFileName();
            File.WriteAllText(Path.Combine(first, "a"), "a");
            string answer = $"{Directory.Exists(first)} {File.Exists(file)} {new FileInfo(file).Length} {first != second} {File.GetUnixFileMode(file)} {File.GetUnixFileMode(first)}";
            Directory.Delete(first, recursive: true);
            Directory.Delete(second);
            File.Delete(file);
            return answer;
        })),
        ("the kernel's files", Plain(static at =>
        {
            using FileStream random = new("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            return $"{random.Read(new byte[8])} {File.ReadAllText("/proc/meminfo").Contains("MemTotal", StringComparison.Ordinal)}";
        })),
        ("names", Plain(static at =>
        {
            string longest = new('n', 255);
            File.WriteAllText(at(longest), "l");
            File.WriteAllText(at("ünï ☺ code"), "u");
            File.WriteAllText(at("Case"), "C");
            File.WriteAllText(at("case"), "c");
            return $"{string.Join(',', Directory.GetFiles(at("."), "?????*").Select(static path => Path.GetFileName(path).Length).Order())} {File.ReadAllText(at("ünï ☺ code"))} {File.ReadAllText(at("Case"))}";
        })),
        ("space", Plain(static at =>
        {
            DriveInfo drive = new("/");
            return $"{drive.TotalSize > 0} {drive.AvailableFreeSpace > 0}";
        })),
    ];

    internal static Func<string, Task<string>> Plain(Func<Func<string, string>, object> run) =>
        folder => Task.FromResult(Convert.ToString(run(name => name == "." ? folder : Path.Combine(folder, name)), System.Globalization.CultureInfo.InvariantCulture) ?? "");

    private static byte[] Content(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
