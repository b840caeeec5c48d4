namespace Troupe.Apps.Files;

/// <summary>
/// Where a file system is in the tree of paths that a program sees, and the working directory. The names in <paramref name="kept"/> stay the kernel's.
/// </summary>
/// <param name="point">The directory that is the root of the file system, such as "/" or "/data".</param>
/// <param name="kept">Directories, which end with "/", and files that are not the file system's although they are below the point.</param>
public sealed class FileMount(string point, params IReadOnlyList<string> kept)
{
    private const string Root = "/";

    private readonly string _prefix = RequirePoint(point) == Root ? "" : point.TrimEnd('/');

    /// <summary>The directory that is the root of the file system.</summary>
    public string Point => _prefix.Length == 0 ? Root : _prefix;

    /// <summary>Where relative paths begin.</summary>
    internal string WorkingDirectory { get; set; } = Root;

    /// <summary>Whether a path is of the file system.</summary>
    internal bool Owns(string path)
    {
        var full = Complete(path);
        return path.Length > 0 && IsBelow(full, _prefix) && !kept.Any(name => full.StartsWith(name, StringComparison.Ordinal) && (name.EndsWith('/') || full.Length == name.Length)) && !kept.Contains(full + Root);
    }

    /// <summary>The path from the root of the file system.</summary>
    internal string Inside(string path)
    {
        var full = Complete(path);
        return full.Length == _prefix.Length ? Root : full[_prefix.Length..];
    }

    /// <summary>Where a symbolic link leads, as it is written to the disk: an absolute path begins at the root of the file system.</summary>
    internal string TargetToDisk(string target) => target.StartsWith('/') && IsBelow(target, _prefix) ? Inside(target) : target;

    /// <summary>Where a symbolic link leads, as the program sees it.</summary>
    internal string TargetFromDisk(string target) => target.StartsWith('/') ? _prefix + target : target;

    /// <summary>The path from the root of the program's tree.</summary>
    internal string Complete(string path) => path.StartsWith('/') ? path : $"{WorkingDirectory.TrimEnd('/')}/{path}";

    private static bool IsBelow(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');

    private static string RequirePoint(string point)
    {
        ArgumentException.ThrowIfNullOrEmpty(point);
        return point[0] == '/' && Path.GetFullPath(point) == point && (point.Length == 1 || point[^1] != '/')
            ? point
            : throw new ArgumentException($"'{point}' is no directory where a file system could be: give a path such as / or /data.", nameof(point));
    }
}
