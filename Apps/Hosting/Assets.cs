namespace Troupe.Apps.Hosting;

/// <summary>Read-only files that come with the program: what its project names as <c>TroupeAsset</c> (docs/boot.md).</summary>
public static class Assets
{
    // Core/Machine/Assembly/files.S and Tools/Build/Troupe.App.targets put them there.
    internal const string InImage = "/assets";
    private const string BesideProgram = "assets";

    /// <summary>
    /// The directory in which they are, by their paths in the project: <c>/assets</c> of the image, and hosted the folder <c>assets</c> beside the program. Without assets there is none.
    /// </summary>
    public static string Directory => Machine.IsImage ? InImage : Path.Combine(AppContext.BaseDirectory, BesideProgram);
}
