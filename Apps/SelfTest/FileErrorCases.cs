using static Troupe.Apps.SelfTest.FileCalls;

namespace Troupe.Apps.SelfTest;

/// <summary>What is refused, and by which exception.</summary>
internal static class FileErrorCases
{
    internal static IReadOnlyList<(string Name, Func<string, Task<string>> Run)> All { get; } =
    [
        ("not there", FileCases.Plain(static at => string.Join(' ',
            Answer(() => File.ReadAllText(at("a"))),
            Answer(() => File.ReadAllText(at("d/a"))),
            Answer(() => File.WriteAllText(at("d/a"), "")),
            Answer(() => Directory.GetFiles(at("d"))),
            Answer(() => Directory.Delete(at("d"))),
            Answer(() => File.Delete(at("a"))),
            Answer(() => File.Delete(at("d/a"))),
            Answer(() => File.Move(at("a"), at("b"))),
            Answer(() => File.Copy(at("a"), at("b"))),
            Answer(() => File.GetAttributes(at("a"))),
            Answer(() => new FileInfo(at("a")).Length)))),
        ("there already", FileCases.Plain(static at =>
        {
            File.WriteAllText(at("a"), "a");
            File.WriteAllText(at("b"), "b");
            Directory.CreateDirectory(at("d"));
            return string.Join(' ',
                Answer(() => new FileStream(at("a"), FileMode.CreateNew).Dispose()),
                Answer(() => File.Move(at("a"), at("b"))),
                Answer(() => File.Copy(at("a"), at("b"))),
                Answer(() => Directory.CreateDirectory(at("a"))),
                Answer(() => File.CreateSymbolicLink(at("a"), "x")),
                Answer(() => File.Move(at("a"), at("d"))),
                Answer(() => File.Copy(at("a"), at("d"))),
                Answer(() => File.ReadAllText(at("b"))));
        })),
        ("of another kind", FileCases.Plain(static at =>
        {
            File.WriteAllText(at("a"), "a");
            Directory.CreateDirectory(at("d/e"));
            return string.Join(' ',
                Answer(() => File.ReadAllText(at("d"))),
                Answer(() => File.WriteAllText(at("d"), "")),
                Answer(() => File.ReadAllText(at("a/b"))),
                Answer(() => File.Delete(at("d"))),
                Answer(() => Directory.Delete(at("d"))),
                Answer(() => Directory.Delete(at("a"))),
                Answer(() => Directory.GetFiles(at("a"))),
                Answer(() => Directory.Move(at("d"), at("d/e/f"))),
                Answer(() => File.Exists(at("d"))),
                Answer(() => Directory.Exists(at("a"))));
        })),
        ("shared", FileCases.Plain(static at =>
        {
            File.WriteAllText(at("a"), "a");
            string whileExclusive, whileShared;
            using (new FileStream(at("a"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                whileExclusive = Answer(() => File.ReadAllText(at("a"))) + " " + Answer(() => File.AppendAllText(at("a"), "b"));
            using (new FileStream(at("a"), FileMode.Open, FileAccess.Read, FileShare.Read))
                whileShared = Answer(() => File.ReadAllText(at("a"))) + " " + Answer(() => new FileStream(at("a"), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose());
            return $"{whileExclusive} {whileShared} {Answer(() => File.AppendAllText(at("a"), "c"))} {File.ReadAllText(at("a"))}";
        })),
        ("locked regions", FileCases.Plain(static at =>
        {
            using FileStream first = new(at("a"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
            first.Lock(0, 10);
            first.Unlock(0, 10);
            return "done";
        })),
        ("opened for something else", FileCases.Plain(static at =>
        {
            File.WriteAllText(at("a"), "a");
            using FileStream reader = File.OpenRead(at("a"));
            using FileStream writer = new(at("b"), FileMode.Create, FileAccess.Write);
            return string.Join(' ', Answer(() => reader.WriteByte(1)), Answer(() => writer.ReadByte()), Answer(() => reader.SetLength(0)));
        })),
        ("names that cannot be", FileCases.Plain(static at => string.Join(' ',
            Answer(() => File.WriteAllText(at(new string('n', 256)), "")),
            Answer(() => File.WriteAllText(at("a\0b"), "")),
            Answer(() => File.Exists(at(new string('n', 256)))),
            Answer(() => File.ReadAllText(""))))),
        ("links that go round", FileCases.Plain(static at =>
        {
            File.CreateSymbolicLink(at("a"), "b");
            File.CreateSymbolicLink(at("b"), "a");
            File.CreateSymbolicLink(at("c"), "nowhere");
            return string.Join(' ', Answer(() => File.ReadAllText(at("a"))), Answer(() => File.ReadAllText(at("c"))), Answer(() => File.Exists(at("a"))));
        })),
        ("made for reading", FileCases.Plain(static at =>
        {
            using (new FileStream(at("a"), FileMode.OpenOrCreate, FileAccess.Read))
            {
            }

            return $"{File.Exists(at("a"))} {new FileInfo(at("a")).Length}";
        })),
    ];
}
