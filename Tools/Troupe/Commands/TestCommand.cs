using System.CommandLine;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe test</c>: builds everything once and runs every test; the last line is the count.</summary>
public static class TestCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var stage = new Argument<string>("STAGE")
        {
            Description = "unit, verify or guest; all of them without it.",
            DefaultValueFactory = _ => "all",
            Arity = ArgumentArity.ZeroOrOne,
        };
        stage.AcceptOnlyFromAmong("all", "unit", "verify", "guest");
        var filter = CommonSymbols.Filter();
        var command = new Command("test", "Build everything once and run the tests; ends with 'N passed, N failed'.") { stage, filter };
        command.SetAction((result, cancellation) => ExecuteAsync(result.GetRequiredValue(stage), result.GetValue(filter), cancellation));
        return command;
    }

    /// <summary>Runs the stages that are asked for.</summary>
    public static async Task<int> ExecuteAsync(string stage, string? filter, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        bool Wanted(TestStage candidate) => stage == "all" || string.Equals(stage, candidate.ToString(), StringComparison.OrdinalIgnoreCase);
        IEnumerable<SystemPackage> packages = SystemPackages.Building;
        if (Wanted(TestStage.Guest))
        {
            packages = [.. packages, .. SystemPackages.Running, .. SystemPackages.Testing];
        }

        await SystemPackages.RequireAsync(packages, cancellation).ConfigureAwait(false);
        var run = new TestRun(repository, filter, cancellation);
        if (await run.StepAsync("build", () => BuildAsync(repository, cancellation)).ConfigureAwait(false))
        {
            var projects = TestProject.All(repository).Where(project => Wanted(project.Stage)).ToLookup(project => project.Stage);
            foreach (var project in projects[TestStage.Unit].Concat(projects[TestStage.Verify]))
            {
                await run.RunAsync(project).ConfigureAwait(false);
            }

            if (Wanted(TestStage.Guest) && await BuildImagesAsync(repository, run, cancellation).ConfigureAwait(false))
            {
                foreach (var project in projects[TestStage.Guest])
                {
                    await run.RunAsync(project).ConfigureAwait(false);
                }
            }
        }

        return TestReport.Print(run.Suites);
    }

    private static async Task BuildAsync(Repository repository, CancellationToken cancellation)
    {
        var result = await Output.StepAsync("building the solution", () => HostProcess.CaptureAsync(
            "dotnet", ["build", Path.Combine(repository.Root, "Actors.sln"), "--nologo", "-v", "quiet"], cancellation, repository.Root)).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new UserError(ImageBuild.Diagnostics(result.Output));
        }
    }

    private static async Task<bool> BuildImagesAsync(Repository repository, TestRun run, CancellationToken cancellation)
    {
        var all = true;
        foreach (var app in repository.Apps())
        {
            all &= await run.StepAsync(
                $"image of {app.Name}", () => new ImageBuild(repository).EnsureAsync(app, force: false, cancellation)).ConfigureAwait(false);
        }

        return all;
    }
}
