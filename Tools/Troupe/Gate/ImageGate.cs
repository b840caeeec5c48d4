using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Gate;

/// <summary>Finds the object files behind an image and checks them.</summary>
public static class ImageGate
{
    /// <summary>Checks the image that was built last for an app.</summary>
    public static async Task<(IReadOnlyList<GateViolation> Violations, int Examined)> CheckAsync(
        Repository repository, App app, CancellationToken cancellation)
    {
        var project = Path.GetFileNameWithoutExtension(app.ProjectFile);
        var directory = Path.Combine(repository.Artifacts, "obj", project, "release_linux-x64", "native");
        var compiled = Path.Combine(directory, project + ".o");
        if (!File.Exists(compiled))
        {
            throw new UserError($"{app.Name} has no image yet.", $"Build it first: ./troupe build {app.Name}");
        }

        return await CheckAsync(compiled, Directory.GetFiles(directory, "*.troupe.o"), cancellation).ConfigureAwait(false);
    }

    /// <summary>Checks an object file of the native compiler against the objects of our own assembly.</summary>
    public static async Task<(IReadOnlyList<GateViolation> Violations, int Examined)> CheckAsync(
        string compiled, IEnumerable<string> assembled, CancellationToken cancellation)
    {
        var assembly = new HashSet<string>();
        foreach (var file in assembled)
        {
            assembly.UnionWith((await ObjectCodeReader.ReadAsync(file, cancellation).ConfigureAwait(false)).Defined);
        }

        return KernelGate.Check(await ObjectCodeReader.ReadAsync(compiled, cancellation).ConfigureAwait(false), assembly);
    }
}
