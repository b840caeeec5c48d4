using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>
/// The app that a new one begins as: Tools/Templates/troupe-app, in which every TroupeApp, in names of files too, becomes the app's name. `dotnet new troupe-app` does the same
/// with the same folder, where it is installed; this needs no installation.
/// </summary>
public sealed partial class AppTemplate(Repository repository)
{
    private const string PlaceHolder = "TroupeApp";
    private const string Settings = ".template.config";

    private string Folder => Path.Combine(repository.Root, "Tools", "Templates", "troupe-app");

    /// <summary>Makes an app.</summary>
    /// <param name="where">Its directory, or its name alone for one under Apps.</param>
    /// <returns>The app.</returns>
    /// <exception cref="UserError">There is something already, or it can be no app there.</exception>
    public App Create(string where)
    {
        ArgumentException.ThrowIfNullOrEmpty(where);
        var directory = Path.TrimEndingDirectorySeparator(where.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(where) : Path.Combine(repository.Root, "Apps", where));
        var name = Path.GetFileName(directory);
        if (!Name().IsMatch(name))
        {
            throw new UserError($"'{name}' is no name for an app: it becomes a namespace.", "A capital letter, and then letters, digits and '_': MyApp.");
        }

        if (!directory.StartsWith(repository.Root + "/", StringComparison.Ordinal))
        {
            throw new UserError($"{directory} is outside of this clone of Troupe, with whose sources an app is built.", $"./troupe new Apps/{name}");
        }

        if (Directory.Exists(directory) || File.Exists(directory))
        {
            throw new UserError($"there is {Path.GetRelativePath(repository.Root, directory)} already.", "Take another name, or another directory.");
        }

        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(Folder, file);
            if (relative.StartsWith(Settings, StringComparison.Ordinal))
            {
                continue;
            }

            var copy = Path.Combine(directory, relative.Replace(PlaceHolder, name, StringComparison.Ordinal));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllText(copy, File.ReadAllText(file).Replace(PlaceHolder, name, StringComparison.Ordinal));
        }

        return new App(name, Path.Combine(directory, name + ".csproj"));
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9_]*$")]
    private static partial Regex Name();
}
