using System.CommandLine;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing;
using Troupe.Tools.Testing.Clients;
using Troupe.Tools.Testing.Net;
using Troupe.Tools.Testing.Xen;
using Troupe.Tools.Verification;
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
            Description = "unit, verify or guest; all of these three without it. Of the network besides: net moves bytes over bad links between guests and Linux; clients runs NuGet's clients in guests against Debian's servers; attack, connections, daemons; cards loads an image with each network card. xen runs images as domains of an emulated Xen. power takes a disk's power away, kills a machine's drivers, devices makes its devices break their rules.",
            DefaultValueFactory = _ => "all",
            Arity = ArgumentArity.ZeroOrOne,
        };
        stage.AcceptOnlyFromAmong(["all", "unit", "verify", "guest", "net", "clients", "xen", .. NetworkTestCommand.Names, .. CrashTestCommand.Names]);
        var filter = CommonSymbols.Filter();
        var command = new Command("test", "Build everything once and run the tests; ends with 'N passed, N failed'.") { stage, filter };
        var seed = new Option<int>("--seed") { Description = "net, attack, power, kills, devices: what decides which frames are harmed, or forged; when the power goes, or a driver; what a device does.", DefaultValueFactory = _ => 1 };
        var megabytes = new Option<int>("--megabytes") { Description = "net: what crosses the clean link.", DefaultValueFactory = _ => 1024 };
        var processors = new Option<int[]>("--cpus") { Description = "net, clients, attack, connections, daemons, cards (1, 2 and 4 unless said), power, kills, devices: guests of so many processors; clients takes 0 for no guest, only Linux.", DefaultValueFactory = _ => [1, 2], AllowMultipleArgumentsPerToken = true };
        var versions = new Option<int[]>("--ip") { Description = "net: by which versions of IP.", DefaultValueFactory = _ => [4, 6], AllowMultipleArgumentsPerToken = true };
        versions.AcceptOnlyFromAmong("4", "6");
        var alone = new Option<bool>("--alone") { Description = "net: without the Linux guest beside." };
        command.Add(seed);
        command.Add(megabytes);
        command.Add(processors);
        command.Add(versions);
        command.Add(alone);
        var frames = new Option<long>("--frames") { Description = "attack: how many mutated frames.", DefaultValueFactory = _ => 1_000_000 };
        command.Add(frames);
        var cuts = new Option<int>("--cuts") { Description = "power: how often the power goes.", DefaultValueFactory = _ => 200 };
        command.Add(cuts);
        var kills = new Option<int>("--kills") { Description = "kills: how many drivers are killed, with each number of processors.", DefaultValueFactory = _ => 500 };
        command.Add(kills);
        var cases = new Option<int>("--cases") { Description = "devices: how often a device breaks a rule, with each number of processors.", DefaultValueFactory = _ => 1000 };
        command.Add(cases);
        command.SetAction((result, cancellation) => result.GetRequiredValue(stage) switch
        {
            "net" => NetAsync(
                new NetMatrixOptions
                {
                    Seed = result.GetValue(seed),
                    Only = result.GetValue(filter),
                    CleanBytes = (long)result.GetValue(megabytes) << 20,
                    Processors = result.GetValue(processors) ?? [],
                    Versions = result.GetValue(versions) ?? [],
                    WithPeer = !result.GetValue(alone),
                },
                cancellation),
            "xen" => XenAsync(result.GetValue(filter), cancellation),
            "clients" => ClientsAsync(new ClientOptions { Only = result.GetValue(filter), Processors = [.. (result.GetValue(processors) ?? []).Where(count => count > 0)] }, cancellation),
            var name when NetworkTestCommand.Names.Contains(name) => NetworkTestCommand.ExecuteAsync(
                name, new NetworkTestOptions(result.GetValue(seed), result.GetValue(filter), ProcessorsOf(name, result, processors), result.GetValue(frames)), cancellation),
            var name when CrashTestCommand.Names.Contains(name) => CrashTestCommand.ExecuteAsync(
                name, new CrashTestOptions(result.GetValue(name switch { "power" => cuts, "kills" => kills, _ => cases }), result.GetValue(seed), result.GetValue(processors) ?? []), cancellation),
            var name => ExecuteAsync(name, result.GetValue(filter), cancellation),
        });
        return command;
    }

    private static int[] ProcessorsOf(string name, ParseResult result, Option<int[]> processors) =>
        name == "cards" && result.GetResult(processors) is not { Implicit: false } ? [1, 2, 4] : result.GetValue(processors) ?? [];

    private static async Task<int> NetAsync(NetMatrixOptions options, CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync(
            [.. SystemPackages.Building, .. SystemPackages.Running, .. SystemPackages.Testing, new("ethtool", "ethtool", "switches off what a network card would do for Linux")],
            cancellation).ConfigureAwait(false);
        return await new NetMatrix(Repository.Locate(), options).RunAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<int> XenAsync(string? only, CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync([.. SystemPackages.Building, .. SystemPackages.Running], cancellation).ConfigureAwait(false);
        return await new XenTest(Repository.Locate(), only).RunAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<int> ClientsAsync(ClientOptions options, CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync(
            [.. SystemPackages.Building, .. SystemPackages.Running, .. SystemPackages.Testing, .. ServerPrograms.Libraries], cancellation).ConfigureAwait(false);
        return await new ClientMatrix(Repository.Locate(), options).RunAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs the stages that are asked for.</summary>
    public static async Task<int> ExecuteAsync(string stage, string? filter, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        bool Wanted(TestStage candidate) => stage == "all" || string.Equals(stage, candidate.ToString(), StringComparison.OrdinalIgnoreCase);
        IEnumerable<SystemPackage> packages = [.. SystemPackages.Building, .. SystemPackages.FileSystems];
        if (Wanted(TestStage.Guest))
        {
            packages = [.. packages, .. SystemPackages.Running, .. SystemPackages.Testing];
        }

        await SystemPackages.RequireAsync(packages, cancellation).ConfigureAwait(false);
        var run = new TestRun(repository, filter, cancellation);
        if (await run.StepAsync("build", () => BuildAsync(repository, cancellation)).ConfigureAwait(false))
        {
            var projects = TestProject.All(repository).Where(project => Wanted(project.Stage)).ToLookup(project => project.Stage);
            foreach (var project in projects[TestStage.Unit])
            {
                await run.RunAsync(project).ConfigureAwait(false);
            }

            if (Wanted(TestStage.Verify))
            {
                var verification = new VerificationStage(repository, run, cancellation);
                await verification.RunAllAsync(projects[TestStage.Verify], "troupe verify quick", isWhole: filter is null).ConfigureAwait(false);
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

    internal static async Task BuildAsync(Repository repository, CancellationToken cancellation)
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
