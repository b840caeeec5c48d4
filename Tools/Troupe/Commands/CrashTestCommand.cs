using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Kills;
using Troupe.Tools.Testing.Power;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary>What the tests of crashes are asked to do.</summary>
/// <param name="Count">How often the power goes, or a driver.</param>
/// <param name="Seed">What decides when, and what is left.</param>
/// <param name="Processors">Guests of so many processors.</param>
internal sealed record CrashTestOptions(int Count, int Seed, IReadOnlyList<int> Processors);

/// <summary><c>troupe test power</c>, <c>kills</c> and <c>devices</c>: guests whose disk loses its power, whose drivers are killed, and whose devices break their rules.</summary>
internal static class CrashTestCommand
{
    /// <summary>The stages of <c>troupe test</c> that this runs.</summary>
    public static readonly string[] Names = ["power", "kills", "devices"];

    /// <summary>Builds what is missing, and runs the test; kills and devices inside a network of their own.</summary>
    public static async Task<int> ExecuteAsync(string name, CrashTestOptions options, CancellationToken cancellation)
    {
        if (options.Count < 1 || options.Processors.Count == 0 || options.Processors.Any(static count => count < 1))
        {
            throw new UserError($"troupe test {name} takes --{name switch { "power" => "cuts", "kills" => "kills", _ => "cases" }} and --cpus of 1 and more.");
        }

        var repository = Repository.Locate();
        var harms = name == "devices";
        var build = new ImageBuild(repository, hasDeviceFaults: harms);
        var app = repository.FindApp("Apps/SelfTest");
        if (name == "power" || !PrivateNetwork.IsInside)
        {
            await SystemPackages.RequireAsync([.. SystemPackages.Building, .. SystemPackages.Running, .. SystemPackages.Testing, .. SystemPackages.FileSystems], cancellation).ConfigureAwait(false);
            var image = await build.EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
            return name == "power" ? await new PowerTest(image, options).RunAsync(cancellation).ConfigureAwait(false) : await PrivateNetwork.EnterAsync(cancellation).ConfigureAwait(false);
        }

        return await new KillTest(build.ImageOf(app), options, harms).RunAsync(cancellation).ConfigureAwait(false);
    }
}
