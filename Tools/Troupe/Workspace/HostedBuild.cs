using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>Builds apps as ordinary programs, with the compiler's optimisations.</summary>
public sealed class HostedBuild(Repository repository)
{
    /// <summary>Builds the app.</summary>
    /// <returns>What `dotnet` runs.</returns>
    public async Task<string> EnsureAsync(App app, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(app);
        var result = await Output.StepAsync(
            $"building {app.Name}",
            () => HostProcess.CaptureAsync("dotnet", ["build", app.ProjectFile, "-c", "Release", "--nologo", "-v", "quiet"], cancellation, repository.Root)).ConfigureAwait(false);
        var name = Path.GetFileNameWithoutExtension(app.ProjectFile);
        var program = Path.Combine(repository.Artifacts, "bin", name, "release", name + ".dll");
        return result.ExitCode == 0 && File.Exists(program)
            ? program
            : throw new UserError($"{app.Name} does not build:\n{ImageBuild.Diagnostics(result.Output)}", exitCode: ExitCodes.Failure);
    }
}
