using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing;

/// <summary>What a test project is about, which decides when it runs.</summary>
public enum TestStage
{
    /// <summary>Runs in this process's world: milliseconds each.</summary>
    Unit,

    /// <summary>Searches interleavings.</summary>
    Verify,

    /// <summary>Boots guests.</summary>
    Guest,
}

/// <summary>A project with tests.</summary>
/// <param name="Name">The name in tables.</param>
/// <param name="ProjectFile">Its project file.</param>
/// <param name="Stage">When it runs.</param>
public sealed record TestProject(string Name, string ProjectFile, TestStage Stage)
{
    /// <summary>Every test project of the clone.</summary>
    public static IReadOnlyList<TestProject> All(Repository repository)
    {
        IEnumerable<TestProject> Under(string folder, Func<string, TestStage> stage) =>
            Directory.EnumerateFiles(Path.Combine(repository.Root, folder), "*.csproj", SearchOption.AllDirectories)
                .Where(file => IsTestProject(folder, file))
                .Select(file => new TestProject(
                    Path.GetRelativePath(repository.Root, Path.GetDirectoryName(file)!), file, stage(file)));

        return Under("tests", file => Path.GetFileName(Path.GetDirectoryName(file)) == "Guest" ? TestStage.Guest : TestStage.Unit)
            .Concat(Under("Verification", _ => TestStage.Verify))
            .OrderBy(project => project.Name, StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>Projects right under tests are tests (tests/Directory.Build.props) unless they deny it; elsewhere a project says so itself.</summary>
    private static bool IsTestProject(string folder, string file) => folder == "tests"
        ? Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == "tests"
            && !File.ReadAllText(file).Contains("<IsTestProject>false", StringComparison.Ordinal)
        : File.ReadAllText(file).Contains("<IsTestProject>true", StringComparison.Ordinal);

    /// <summary>The assembly that a build of the solution leaves.</summary>
    public string Assembly(Repository repository)
    {
        var name = Path.GetFileNameWithoutExtension(ProjectFile);
        return Path.Combine(repository.Artifacts, "bin", name, "debug", name + ".dll");
    }
}
