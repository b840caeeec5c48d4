using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>Builds test projects under Verification, and what they test.</summary>
internal static class VerificationBuild
{
    /// <summary>The tests in Coyote.</summary>
    public static TestProject Coyote(Repository repository) => Of(repository, "Coyote");

    /// <summary>The tests in the explorer.</summary>
    public static TestProject Explorer(Repository repository) => Of(repository, "Explorer.Tests");

    /// <summary>Builds them.</summary>
    /// <exception cref="UserError">One does not build.</exception>
    public static async Task EnsureAsync(Repository repository, IReadOnlyList<TestProject> projects, CancellationToken cancellation)
    {
        foreach (var project in projects)
        {
            var result = await Output.StepAsync($"building {project.Name}", () => HostProcess.CaptureAsync(
                "dotnet", ["build", project.ProjectFile, "--nologo", "-v", "quiet"], cancellation, repository.Root)).ConfigureAwait(false);
            if (result.ExitCode != 0)
            {
                throw new UserError(ImageBuild.Diagnostics(result.Output), exitCode: ExitCodes.Failure);
            }
        }
    }

    private static TestProject Of(Repository repository, string name) => TestProject.All(repository).Single(project => project.Name == Path.Combine("Verification", name));
}
