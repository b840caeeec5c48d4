using System.Text.Json;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Development;

/// <summary>What `troupe dev` builds: the program, and the agent that is loaded into it.</summary>
/// <param name="Assembly">The program's assembly.</param>
/// <param name="Agent">The agent's assembly.</param>
/// <param name="CompilerArguments">How the program's assembly was compiled.</param>
public sealed record DevelopmentBuild(string Assembly, string Agent, IReadOnlyList<string> CompilerArguments)
{
    private const string AgentProject = "Tools/DevelopmentAgent/Troupe.Tools.DevelopmentAgent.csproj";

    /// <summary>Builds both.</summary>
    /// <exception cref="UserError">The compiler's errors.</exception>
    public static async Task<DevelopmentBuild> MakeAsync(Repository repository, App app, CancellationToken cancellation)
    {
        var agent = Path.Combine(repository.Root, AgentProject);
        await BuildAsync(repository, [agent], cancellation).ConfigureAwait(false);
        await BuildAsync(repository, [app.ProjectFile, "-p:TroupeDevelopment=true"], cancellation).ConfigureAwait(false);

        // The target runs, but for the compiler itself, though everything is up to date: its output, as it sees it, is never there.
        var result = await HostProcess.CaptureAsync(
            "dotnet",
            [
                "msbuild", app.ProjectFile, "-nologo", "-t:Compile", "-p:TroupeDevelopment=true", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true",
                "-p:NonExistentFile=never/made", "-p:BuildProjectReferences=false", "-getItem:CscCommandLineArgs", "-getProperty:TargetPath",
            ],
            cancellation, repository.Root).ConfigureAwait(false);
        return result.ExitCode == 0 ? Read(result.Output, await PathOfAsync(repository, agent, cancellation).ConfigureAwait(false)) : throw Failure(result);
    }

    private static DevelopmentBuild Read(string json, string agent)
    {
        using var document = JsonDocument.Parse(json);
        var arguments = document.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray().Select(static item => item.GetProperty("Identity").GetString()!);
        return new DevelopmentBuild(document.RootElement.GetProperty("Properties").GetProperty("TargetPath").GetString()!, agent, [.. arguments]);
    }

    private static async Task<string> PathOfAsync(Repository repository, string project, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync("dotnet", ["msbuild", project, "-nologo", "-getProperty:TargetPath"], cancellation, repository.Root).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output.Trim() : throw Failure(result);
    }

    private static async Task BuildAsync(Repository repository, string[] arguments, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync("dotnet", ["build", .. arguments, "-nologo", "-v", "quiet"], cancellation, repository.Root).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw Failure(result);
        }
    }

    private static UserError Failure(HostProcessResult result) => new($"the build failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
}
