using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Attacks;
using Troupe.Tools.Testing.Cards;
using Troupe.Tools.Testing.Daemons;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary>What the tests of the network are asked to do.</summary>
/// <param name="Seed">What everything drawn follows from.</param>
/// <param name="Only">Tests whose name contains this; null: all.</param>
/// <param name="Processors">Guests of so many processors.</param>
/// <param name="Frames">Mutated frames of an attack.</param>
internal sealed record NetworkTestOptions(int Seed, string? Only, IReadOnlyList<int> Processors, long Frames);

/// <summary><c>troupe test attack</c>, <c>connections</c>, <c>daemons</c> and <c>cards</c>: a guest in a network namespace that this program shares with it.</summary>
internal static class NetworkTestCommand
{
    /// <summary>The stages of <c>troupe test</c> that this runs.</summary>
    public static readonly string[] Names = ["attack", "connections", "daemons", "cards"];

    private static readonly IReadOnlyList<SystemPackage> _servers =
    [
        new("dnsmasq-base", "dnsmasq", "DHCP and DNS"), new("isc-dhcp-server", "dhcpd", "DHCP"), new("radvd", "radvd", "router advertisements"),
    ];

    // What Debian's packages ask before they start a service: 101 forbids it.
    private const string Policy = "/usr/sbin/policy-rc.d";

    /// <summary>Installs and builds what is missing, then runs the test inside a network of its own.</summary>
    public static async Task<int> ExecuteAsync(string name, NetworkTestOptions options, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        var build = new ImageBuild(repository);
        var app = repository.FindApp("Apps/Benchmark");
        var hello = repository.FindApp("Apps/Hello");
        if (options.Processors.Count == 0 || options.Processors.Any(static count => count < 1))
        {
            throw new UserError($"troupe test {name} takes --cpus of 1 and more.");
        }

        if (!PrivateNetwork.IsInside)
        {
            await SystemPackages.RequireAsync([.. SystemPackages.Building, .. SystemPackages.Running, .. SystemPackages.Testing], cancellation).ConfigureAwait(false);
            if (name == "daemons")
            {
                await RequireServersAsync(cancellation).ConfigureAwait(false);
            }

            await build.EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
            if (name == "cards")
            {
                await build.EnsureAsync(hello, force: false, cancellation).ConfigureAwait(false);
            }

            return await PrivateNetwork.EnterAsync(cancellation).ConfigureAwait(false);
        }

        var image = build.ImageOf(app);
        switch (name)
        {
            case "attack":
                return await new AttackRun(image, options).RunAsync(cancellation).ConfigureAwait(false);
            case "connections":
                return await new ConnectionRun(image, options).RunAsync(cancellation).ConfigureAwait(false);
            case "cards":
                return await new CardRun(build.ImageOf(hello), image, options).RunAsync(cancellation).ConfigureAwait(false);
            default:
                using (var run = new DaemonRun(image, options))
                {
                    return await run.RunAsync(cancellation).ConfigureAwait(false);
                }
        }
    }

    // Installed as programs: none of them is started as a service of this host.
    private static async Task RequireServersAsync(CancellationToken cancellation)
    {
        if (_servers.All(server => server.IsPresent))
        {
            return;
        }

        var forbids = !File.Exists(Policy) && Environment.UserName == "root";
        if (forbids)
        {
            await File.WriteAllTextAsync(Policy, "#!/bin/sh\nexit 101\n", cancellation).ConfigureAwait(false);
            await PrivateNetwork.MustAsync(cancellation, "chmod", "755", Policy).ConfigureAwait(false);
        }

        try
        {
            await SystemPackages.RequireAsync(_servers, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (forbids)
            {
                File.Delete(Policy);
            }
        }
    }
}
