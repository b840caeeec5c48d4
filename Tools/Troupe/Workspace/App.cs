namespace Troupe.Tools.Workspace;

/// <summary>A program that can become an image.</summary>
/// <param name="Name">The project file's name without its extension, which also names the image.</param>
/// <param name="ProjectFile">The absolute path of its project file.</param>
public sealed record App(string Name, string ProjectFile)
{
    /// <summary>The directory of the project.</summary>
    public string ProjectDirectory => Path.GetDirectoryName(ProjectFile)!;
}
