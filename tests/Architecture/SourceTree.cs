using Troupe.Tools.Workspace;

namespace Troupe.Architecture.Tests;

/// <summary>The files of the clone that git knows or would add.</summary>
internal static class SourceTree
{
    public static Repository Repository { get; } = Repository.Locate();

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = HostProcess
        .CaptureAsync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], CancellationToken.None, Repository.Root)
        .GetAwaiter().GetResult().Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(file => File.Exists(Absolute(file)))
        .ToList();

    public static IEnumerable<string> Projects =>
        Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal) && !file.Contains("/Planted/", StringComparison.Ordinal));

    public static string Absolute(string file) => Path.Combine(Repository.Root, file);

    public static string Read(string file) => File.ReadAllText(Absolute(file));

    public static string Folder(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');
}
