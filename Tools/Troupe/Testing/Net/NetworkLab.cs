using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Net;

/// <summary>
/// A network namespace with Linux at one end, a guest at the other, and between them a link that can be made bad and good again while the guest runs. Needs
/// root. What is in the namespace goes away with it.
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    /// <summary>Linux's address, which the guests know as their router.</summary>
    public const string HostAddress = "10.0.2.2";

    /// <summary>The guest's address.</summary>
    public const string GuestAddress = "10.0.2.15";

    /// <summary>Linux's IPv6 address.</summary>
    public const string HostAddress6 = "fd00:7::2";

    /// <summary>The guest's IPv6 address.</summary>
    public const string GuestAddress6 = "fd00:7::15";

    /// <summary>RFC 8200 5: what each link takes that carries IPv6.</summary>
    public const int SmallestIpv6Mtu = 1280;

    private const string HostEnd = "host0";
    private const string WireEnd = "wire0";
    private const int OrdinaryMtu = 1500;

    private static readonly TimeSpan _longestBoot = TimeSpan.FromSeconds(60);

    private readonly string _name;
    private readonly DirectoryInfo _sockets;
    private GuestProcess? _guest;
    private Process? _proxy;
    private int _mtu;

    private NetworkLab(string name, DirectoryInfo sockets)
    {
        _name = name;
        _sockets = sockets;
    }

    private string OwnSocket => Path.Combine(_sockets.FullName, "proxy");

    private string GuestSocket => Path.Combine(_sockets.FullName, "guest");

    private IReadOnlyList<string> Prefix => ["ip", "netns", "exec", _name];

    public static async Task<NetworkLab> CreateAsync(CancellationToken cancellation)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"troupe-net-{Environment.ProcessId}");
        var lab = new NetworkLab(name, Directory.CreateTempSubdirectory("troupe-net-"));
        await MustAsync(["ip", "netns", "add", name], cancellation).ConfigureAwait(false);
        try
        {
            await lab.InsideAsync(["ip", "link", "set", "lo", "up"], cancellation).ConfigureAwait(false);
            await lab.InsideAsync(["ip", "link", "add", HostEnd, "type", "veth", "peer", "name", WireEnd], cancellation).ConfigureAwait(false);
            // The proxy is no network card: what it is given must be complete frames with complete checksums.
            foreach (var end in (string[])[HostEnd, WireEnd])
            {
                await lab.InsideAsync(["ethtool", "-K", end, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off"], cancellation).ConfigureAwait(false);
            }

            // The wire has no words of its own.
            await lab.InsideAsync(["sh", "-c", $"echo 1 > /proc/sys/net/ipv6/conf/{WireEnd}/disable_ipv6; echo 512 > /proc/sys/net/unix/max_dgram_qlen"], cancellation).ConfigureAwait(false);
            await lab.InsideAsync(["ip", "address", "add", $"{HostAddress}/24", "dev", HostEnd], cancellation).ConfigureAwait(false);
            await lab.SetMtuAsync(OrdinaryMtu, cancellation).ConfigureAwait(false);
            await lab.InsideAsync(["ip", "link", "set", WireEnd, "up"], cancellation).ConfigureAwait(false);
            await lab.InsideAsync(["ip", "link", "set", HostEnd, "up"], cancellation).ConfigureAwait(false);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the link what it is from now on. The guest sees a moment without one.</summary>
    public async Task ImpairAsync(Impairment impairment, int mtu, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(impairment);
        await EndLinkAsync().ConfigureAwait(false);
        await SetMtuAsync(mtu, cancellation).ConfigureAwait(false);
        string Part(double part) => part.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(HostProcess.Find("ip")!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])
            [
                "netns", "exec", _name, Environment.ProcessPath!, .. OwnAssembly(), "impair", WireEnd, "--socket", OwnSocket, "--guest", GuestSocket,
                "--loss", Part(impairment.Loss), "--reorder", Part(impairment.Reordering), "--duplicate", Part(impairment.Duplication),
                "--corrupt", Part(impairment.Corruption), "--delay", Part(impairment.Delay.TotalMilliseconds), "--seed", Part(impairment.Seed),
            ])
        {
            start.ArgumentList.Add(argument);
        }

        _proxy = Process.Start(start)!;
        var greeting = await _proxy.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false);
        if (greeting != "ready")
        {
            throw new UserError($"the impairment proxy does not start: {greeting}", exitCode: ExitCodes.Broken);
        }
    }

    /// <summary>Boots a guest at the other end, once the link is there, and waits for its first page.</summary>
    public async Task BootAsync(GuestOptions options, Action<string> onSerialLine, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        EndGuest();
        File.Delete(GuestSocket);
        _guest = GuestProcess.Start(
            options with { Network = new GuestNetwork(GuestNetworkKind.Datagrams, OwnSocket: GuestSocket, PeerSocket: OwnSocket) }, onSerialLine, Prefix);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _longestBoot && !_guest.Exit.IsCompleted)
        {
            var answer = await TryInsideAsync(["curl", "-s", "--fail", "--max-time", "1", "-o", "/dev/null", $"http://{GuestAddress}:8080/"], cancellation).ConfigureAwait(false);
            if (answer.ExitCode == 0)
            {
                return;
            }

            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }

        throw new UserError($"the guest {(_guest.Exit.IsCompleted ? "ended" : "did not answer")} after {clock.Elapsed.TotalSeconds:0} s.", exitCode: ExitCodes.Failure);
    }

    /// <summary>Runs a program inside, whatever becomes of it.</summary>
    public Task<HostProcessResult> TryInsideAsync(IReadOnlyList<string> command, CancellationToken cancellation) =>
        HostProcess.CaptureAsync(Prefix[0], [.. Prefix.Skip(1), .. command], cancellation);

    /// <summary>Ends the link; null when there was none.</summary>
    public async Task<LinkReport?> EndLinkAsync()
    {
        if (_proxy is null)
        {
            return null;
        }

        _proxy.StandardInput.Close();
        var report = await _proxy.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await _proxy.WaitForExitAsync().ConfigureAwait(false);
        _proxy.Dispose();
        _proxy = null;
        return LinkReport.Parse(report);
    }

    public async ValueTask DisposeAsync()
    {
        EndGuest();
        await EndLinkAsync().ConfigureAwait(false);
        await HostProcess.CaptureAsync("ip", ["netns", "delete", _name], CancellationToken.None).ConfigureAwait(false);
        _sockets.Delete(recursive: true);
    }

    /// <summary>The program is <c>dotnet</c> where the tools run from their assembly, and the tools themselves otherwise.</summary>
    private static string[] OwnAssembly() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(NetworkLab).Assembly.Location] : [];

    private static async Task<string> MustAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(command[0], command.Skip(1), cancellation).ConfigureAwait(false);
        return result.ExitCode == 0
            ? result.Output
            : throw new UserError($"{string.Join(' ', command)}\n{result.Output.TrimEnd()}", "Network namespaces need root.", ExitCodes.Broken);
    }

    private Task<string> InsideAsync(IReadOnlyList<string> command, CancellationToken cancellation) => MustAsync([.. Prefix, .. command], cancellation);

    private async Task SetMtuAsync(int mtu, CancellationToken cancellation)
    {
        if (mtu == _mtu)
        {
            return;
        }

        foreach (var end in (string[])[HostEnd, WireEnd])
        {
            await InsideAsync(["ip", "link", "set", end, "mtu", mtu.ToString(CultureInfo.InvariantCulture)], cancellation).ConfigureAwait(false);
        }

        // Linux forgets its IPv6 addresses on a link too small for them.
        if (mtu >= SmallestIpv6Mtu)
        {
            await InsideAsync(["ip", "address", "replace", $"{HostAddress6}/64", "dev", HostEnd, "nodad"], cancellation).ConfigureAwait(false);
        }

        _mtu = mtu;
    }

    private void EndGuest()
    {
        _guest?.Dispose();
        _guest = null;
    }
}
