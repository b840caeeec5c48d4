using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>Where things are in a clone of Troupe.</summary>
public sealed class Repository
{
    private Repository(string root) => Root = root;

    /// <summary>The top of the clone.</summary>
    public string Root { get; }

    /// <summary>All build output.</summary>
    public string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>The clone that holds this program: told by the launcher, else found upwards of the program.</summary>
    public static Repository Locate()
    {
        var told = Environment.GetEnvironmentVariable("TROUPE_ROOT");
        if (told is not null && File.Exists(Path.Combine(told, "Actors.sln")))
        {
            return new Repository(told);
        }

        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Actors.sln")))
            {
                return new Repository(directory);
            }
        }

        throw new UserError("this program is not inside a clone of Troupe.", "Start it as ./troupe.", ExitCodes.Broken);
    }

    /// <summary>The programs under Apps, by name.</summary>
    public IReadOnlyList<App> Apps()
    {
        var apps = Path.Combine(Root, "Apps");
        return !Directory.Exists(apps)
            ? []
            : Directory.EnumerateDirectories(apps)
                .Select(ProgramIn)
                .OfType<App>()
                .OrderBy(app => app.Name, StringComparer.Ordinal)
                .ToList();
    }

    /// <summary>Finds an app by name (Hello), by path (Apps/Hello) or by project file, and says what there is when there is none.</summary>
    public App FindApp(string name)
    {
        var apps = Apps();
        var byName = apps.FirstOrDefault(app => string.Equals(ShortName(app), name, StringComparison.OrdinalIgnoreCase));
        if (byName is not null)
        {
            return byName;
        }

        foreach (var directory in new[] { Directory.GetCurrentDirectory(), Root })
        {
            var path = Path.GetFullPath(Path.Combine(directory, name));
            if (File.Exists(path) && path.EndsWith(".csproj", StringComparison.Ordinal))
            {
                return new App(Path.GetFileNameWithoutExtension(path), path);
            }

            if (Directory.Exists(path) && ProgramIn(path) is { } app)
            {
                return app;
            }
        }

        var known = apps.Select(app => "Apps/" + ShortName(app)).ToList();
        var hint = known.Count == 0 ? "There are no apps under Apps/." : "Apps here: " + string.Join(", ", known);
        var meant = Suggestion.Nearest(name, known) ?? Suggestion.Nearest("Apps/" + name, known);
        throw new UserError($"there is no app '{name}'." + (meant is null ? string.Empty : $" Did you mean '{meant}'?"), hint);
    }

    private static string ShortName(App app) => Path.GetFileName(app.ProjectDirectory);

    private static App? ProgramIn(string directory)
    {
        var projects = Directory.GetFiles(directory, "*.csproj");
        return projects.Length == 1 && IsProgram(projects[0]) ? new App(Path.GetFileName(directory), projects[0]) : null;
    }

    /// <summary>An app imports the build targets that can make an image of it.</summary>
    private static bool IsProgram(string project) => File.ReadAllText(project).Contains("Troupe.App.targets", StringComparison.Ordinal);
}
