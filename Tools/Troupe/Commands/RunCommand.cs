using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;
using Troupe.Tools.Symbols;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe run APP</c>: builds what changed, boots it, and stays until it ends.</summary>
public static class RunCommand
{
    private const int FirstDebuggerPort = 1234;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var app = CommonSymbols.App();
        var hosted = new Option<bool>("--hosted") { Description = "Run it as a Linux process instead of booting it." };
        var guest = new GuestSymbols();
        var gdb = new Option<bool>("--gdb") { Description = "Wait for gdb before the first instruction, and print the command that attaches it." };
        var command = new Command("run", "Boot an app in a guest and stay until it ends (Ctrl-C ends it).") { app, hosted };
        guest.AddTo(command);
        command.Add(gdb);
        command.SetAction((result, cancellation) => ExecuteAsync(
            result.GetRequiredValue(app),
            result.GetValue(hosted),
            result.GetValue(gdb),
            guest.Read(result),
            cancellation));
        return command;
    }

    private static async Task<int> ExecuteAsync(
        string appName, bool hosted, bool gdb, Func<string, GuestOptions> guest, CancellationToken cancellation)
    {
        var repository = Repository.Locate();
        var app = repository.FindApp(appName);
        var options = guest(new ImageBuild(repository).ImageOf(app).Elf);
        if (hosted)
        {
            if (options.Disks.Count > 0)
            {
                throw new UserError("--disk is a guest's; --hosted has the files of this host.");
            }

            if (options.Channels.Count > 0)
            {
                throw new UserError("--channel is a guest's; a program of this host listens at sockets of its own.");
            }

            return await RunHostedAsync(repository, app, options, cancellation).ConfigureAwait(false);
        }

        if (options.Machine == GuestMachine.Xen)
        {
            if (gdb || options.Forwards.Count > 0 || options.CaptureFile is not null || options.Channels.Count > 0 || options.Network.Kind != GuestNetworkKind.User)
            {
                throw new UserError("--machine xen takes none of --gdb, -p, --net, --pcap and --channel.", "A domain's network ends in the emulated machine, at the bridge of Xen's first domain.");
            }

            if (options.Disks.Count > DomainZeroScripts.MostDisks)
            {
                throw new UserError($"--disk stands there {options.Disks.Count} times; --machine xen takes {DomainZeroScripts.MostDisks} disks at most.");
            }

            var domain = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
            return await XenRun.ExecuteAsync(repository, domain, options, cancellation).ConfigureAwait(false);
        }

        PortForward.Check(options.Forwards);
        await SystemPackages.RequireAsync(
            gdb ? [.. SystemPackages.Running, .. SystemPackages.Debugging] : SystemPackages.Running, cancellation).ConfigureAwait(false);
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        if (gdb)
        {
            var port = FreePort();
            options = options with { DebuggerPort = port };
            Output.Highlight("the guest waits before its first instruction; attach with");
            Console.Error.WriteLine($"  gdb -ex 'target remote localhost:{port}' {Path.GetRelativePath(Directory.GetCurrentDirectory(), image.Symbols)}");
        }

        return await RunGuestAsync(repository, image, options, cancellation).ConfigureAwait(false);
    }

    private static async Task<int> RunHostedAsync(Repository repository, App app, GuestOptions options, CancellationToken cancellation)
    {
        string[] words = options.CommandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // The same words reach Main in a guest, where the kernel takes its own away.
        string[] arguments = ["run", "--project", app.ProjectFile, "-c", "Release", "--", .. words.Where(word => !word.StartsWith("kernel.", StringComparison.Ordinal))];
        return await HostProcess.RunAsync("dotnet", arguments, cancellation, repository.Root).ConfigureAwait(false);
    }

    private static async Task<int> RunGuestAsync(Repository repository, Image image, GuestOptions options, CancellationToken cancellation)
    {
        using var symbols = new Symbolizer(image.Symbols, repository.Root);
        var announced = new HashSet<int>();
        using var relays = new PortRelays(options.Forwards);
        using var guest = GuestProcess.Start(options with { Forwards = relays.Inner }, line =>
        {
            Console.Out.WriteLine(symbols.Annotate(line));
            Console.Out.Flush();
            if (ListenAnnouncement.Read(line) is var (scheme, port) && announced.Add(port))
            {
                Announce(options, scheme, port);
            }
        });
        await using var ending = cancellation.Register(guest.Kill);
        _ = GuestInput.ForwardAsync(guest);
        var exit = await guest.Exit.ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (exit.Reason is not null)
        {
            Output.Error(exit.Reason);
        }
        else if (exit.Code == GuestExit.PanicCode)
        {
            Output.Error("the kernel panicked; what it knew is above.", "docs/debugging.md says how to go on from here.");
        }

        return exit.ExitCode;
    }

    private static void Announce(GuestOptions options, string scheme, int port)
    {
        var forward = options.Forwards.FirstOrDefault(candidate => candidate.GuestPort == port);
        if (forward is not null)
        {
            Output.Highlight(string.Create(CultureInfo.InvariantCulture, $"{scheme}://localhost:{forward.HostPort}/"));
        }
        else if (options.Network.Kind == GuestNetworkKind.User)
        {
            Output.Say($"the guest listens on port {port}, which nothing leads to; next time add -p {port}:{port}");
        }
    }

    private static int FreePort()
    {
        for (var port = FirstDebuggerPort; port < FirstDebuggerPort + 100; port++)
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                probe.Listen();
                return port;
            }
            catch (SocketException)
            {
                // Another guest under a debugger.
            }
        }

        throw new UserError($"no port from {FirstDebuggerPort} on is free for the debugger.", exitCode: ExitCodes.Broken);
    }
}
