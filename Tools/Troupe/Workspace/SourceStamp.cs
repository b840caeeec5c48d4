using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Troupe.Tools.Workspace;

/// <summary>What an image was built from, in one string: it changes when a source file comes, goes or is written.</summary>
public static class SourceStamp
{
    private static readonly string[] _product = ["Core", "Smp", "Actors", "Drivers", "Net", "Apps/Hosting", "Apps/Hosting.Web", "Apps/Files", "Apps/Storage", "Tools/Build"];
    private static readonly string[] _buildFiles = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", ".editorconfig"];
    private static readonly HashSet<string> _ignored = ["bin", "obj", "artifacts"];

    /// <summary>The stamp of an app's image.</summary>
    public static string Of(Repository repository, App app)
    {
        var text = new StringBuilder();
        foreach (var file in Files(repository, app))
        {
            text.Append(file.FullName).Append('|').Append(file.Length).Append('|').Append(file.LastWriteTimeUtc.Ticks).Append('\n');
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>The files that an app's image is built from.</summary>
    public static IReadOnlyList<FileInfo> Files(Repository repository, App app)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(app);
        return _product.Select(folder => Path.Combine(repository.Root, folder))
            .Append(app.ProjectDirectory)
            .SelectMany(FilesUnder)
            .Concat(_buildFiles.Select(name => new FileInfo(Path.Combine(repository.Root, name))))
            .Concat(FilesOfOthers(app))
            .Where(file => file.Exists)
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>What an app compiles of another's.</summary>
    private static IEnumerable<FileInfo> FilesOfOthers(App app) => XDocument.Load(app.ProjectFile).Descendants("Compile")
        .Select(item => item.Attribute("Include")?.Value)
        .OfType<string>()
        .Where(include => include.StartsWith("../", StringComparison.Ordinal))
        .Select(include => new FileInfo(Path.GetFullPath(include, app.ProjectDirectory)));

    private static IEnumerable<FileInfo> FilesUnder(string path)
    {
        var directory = new DirectoryInfo(path);
        return !directory.Exists
            ? []
            : directory.EnumerateFiles()
                .Concat(directory.EnumerateDirectories()
                    .Where(child => !_ignored.Contains(child.Name))
                    .SelectMany(child => FilesUnder(child.FullName)));
    }
}
