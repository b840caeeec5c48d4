using System.Diagnostics;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// <c>troupe verify app</c>: compiles an app's sources and the tests in its folder Verification into a test project of their own under artifacts/verify/apps, rewrites that and the
/// actors for Coyote, and runs it. The app's own build knows nothing of it.
/// </summary>
public sealed class AppVerification(Repository repository, CancellationToken cancellation)
{
    private const string Tests = "Verification";

    /// <summary>Runs an app's tests.</summary>
    /// <param name="app">The app.</param>
    /// <param name="filter">Tests whose name contains this; nothing: all.</param>
    /// <param name="iterations">Interleavings of each test and mode.</param>
    /// <param name="seed">What they are drawn from.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(App app, string? filter, int iterations, uint seed)
    {
        var tests = Path.Combine(app.ProjectDirectory, Tests);
        if (!Directory.Exists(tests) || Directory.GetFiles(tests, "*.cs", SearchOption.AllDirectories).Length == 0)
        {
            throw new UserError($"{app.Name} has no tests for it: there is no {Path.Combine(tests, "*.cs")}.", "docs/guide.md, section 8, shows one; Verification/Example/Verification has some to copy.");
        }

        var project = WriteProject(app);
        var clock = Stopwatch.StartNew();
        var folder = FolderOf(app.Name);
        var run = new TestRun(repository, filter, cancellation);
        if (await run.StepAsync("build", () => VerificationBuild.EnsureAsync(repository, [project], cancellation)).ConfigureAwait(false))
        {
            var records = Path.Combine(folder, "records");
            if (Directory.Exists(records))
            {
                Directory.Delete(records, recursive: true);
            }

            await run.RunAsync(project, new Dictionary<string, string>
            {
                ["TROUPE_VERIFY_RECORDS"] = records,
                ["TROUPE_VERIFY_TRACES"] = Path.Combine(folder, "traces"),
                ["TROUPE_COYOTE_ITERATIONS"] = FormattableString.Invariant($"{iterations}"),
                ["TROUPE_COYOTE_SEED"] = FormattableString.Invariant($"{seed}"),
            }).ConfigureAwait(false);
            VerificationReport report = new($"troupe verify app {app.Name}", SearchRecord.ReadAll(records), run.Suites[^1].Outcomes, null, clock.Elapsed);
            report.Write(folder);
            foreach (var search in report.Searches)
            {
                Output.Say(FormattableString.Invariant($"{search.Test} ({search.Mode}): {search.Schedules} interleavings, {(search.Finding is null ? "nothing found" : "FOUND something")}"));
            }

            Output.Say($"the report: {Path.Combine(folder, "report.html")} (.txt, .json)");
        }

        return TestReport.Print(run.Suites);
    }

    /// <summary>The test project that a trace in an app's folder belongs to, or null: it is none.</summary>
    public static TestProject? ProjectOfTrace(string trace)
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(trace));
        var project = folder is null ? null : Directory.GetFiles(folder, "*.csproj").FirstOrDefault();
        return project is null ? null : new TestProject(Path.GetFileNameWithoutExtension(project), project, TestStage.Verify);
    }

    private string FolderOf(string name) => Path.Combine(repository.Artifacts, "verify", "apps", name);

    /// <summary>Writes the test project of an app. What there is to it is in Verification/Coyote/App.targets; this names the app.</summary>
    public TestProject WriteProject(App app)
    {
        var name = app.Name + ".Verification";
        var file = Path.Combine(FolderOf(app.Name), name + ".csproj");
        var text = $"""
            <Project>
              <PropertyGroup>
                <AppProject>{app.ProjectFile}</AppProject>
                <AppDirectory>{app.ProjectDirectory}/</AppDirectory>
              </PropertyGroup>
              <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
              <Import Project="{Path.Combine(repository.Root, "Verification", "Coyote", "App.targets")}" />
              <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
            </Project>
            """;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (!File.Exists(file) || File.ReadAllText(file) != text)
        {
            File.WriteAllText(file, text);
        }

        return new TestProject(name, file, TestStage.Verify);
    }
}
