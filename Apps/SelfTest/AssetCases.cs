using System.Globalization;
using Troupe.Apps.Hosting;

namespace Troupe.Apps.SelfTest;

/// <summary>The files that come with the program (TroupeAsset), read as ordinary code does: beside the program hosted, and out of the image in a guest.</summary>
internal static class AssetCases
{
    internal static IReadOnlyList<(string Name, Func<string, Task<string>> Run)> All { get; } =
    [
        ("asset text", Plain(static () => File.ReadAllText(At("Pages/index.html")))),
        ("asset of many pages", Plain(static () =>
        {
            byte[] bytes = File.ReadAllBytes(At("sources/FileCases.cs"));
            using FileStream stream = File.OpenRead(At("sources/FileCases.cs"));
            stream.Position = bytes.Length - 3000;
            byte[] end = new byte[4000];
            int count = stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
            return $"{bytes.Length} {Convert.ToHexString(bytes.AsSpan(bytes.Length / 2, 16))} {count} {bytes.AsSpan()[^3000..].SequenceEqual(end.AsSpan(0, count))}";
        })),
        ("asset that is empty", Plain(static () => File.ReadAllBytes(At("Pages/empty")).Length)),
        ("asset's length and time", Plain(static () =>
        {
            FileInfo file = new(At("Pages/style/page.css"));
            return $"{file.Exists} {file.Length} {new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds()} {file.Attributes.HasFlag(FileAttributes.Directory)}";
        })),
        ("asset folders", Plain(static () => $"{Directory.Exists(Assets.Directory)} {Directory.Exists(At("Pages/style/"))} {Directory.Exists(At("Pages/index.html"))} {Directory.Exists(At("Pag"))} {File.Exists(At("Pages"))}")),
        ("assets listed", Plain(static () => string.Join(' ', Directory.EnumerateFileSystemEntries(Assets.Directory, "*", SearchOption.AllDirectories)
            .Select(static path => Path.GetRelativePath(Assets.Directory, path)).Order(StringComparer.Ordinal)))),
        ("asset files of a folder", Plain(static () => string.Join(' ', Directory.GetFiles(At("Pages")).Select(Path.GetFileName).Order(StringComparer.Ordinal)))),
        ("asset folders of a folder", Plain(static () => string.Join(' ', Directory.GetDirectories(Assets.Directory).Select(Path.GetFileName).Order(StringComparer.Ordinal)))),
        ("asset that is not there", Plain(static () => FileCalls.Answer(static () => File.ReadAllText(At("Pages/nothing"))) + FileCalls.Answer(static () => File.ReadAllText(At("nowhere/nothing"))))),
        ("folder as a file", Plain(static () => FileCalls.Answer(static () => File.ReadAllText(At("Pages"))))),
        ("asset's folder that is not there", Plain(static () => FileCalls.Answer(static () => Directory.GetFiles(At("Pages/nothing"))))),
    ];

    /// <summary>What a guest answers to those who would change an asset; Linux, whose files they are when hosted, lets them.</summary>
    internal static string Change() => FileCalls.Answer(static () => File.AppendAllText(At("Pages/index.html"), "more"));

    private static string At(string path) => Path.Combine(Assets.Directory, path);

    private static Func<string, Task<string>> Plain(Func<object> run) => _ => Task.FromResult(Convert.ToString(run(), CultureInfo.InvariantCulture)!.ReplaceLineEndings("|"));
}
