using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>A network namespace with Linux at one end of a tap and one guest after another at the other. Needs root. What is in the namespace goes away with it.</summary>
internal sealed class TapNetwork : IAsyncDisposable
{
    /// <summary>The guest's address.</summary>
    public const string GuestAddress = "10.0.2.15";

    private const string HostAddress = "10.0.2.2/24";
    private const string Tap = "tap0";
    private static readonly TimeSpan _longestBoot = TimeSpan.FromSeconds(60);

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"troupe-bench-{Environment.ProcessId}");
    private GuestProcess? _guest;

    private TapNetwork()
    {
    }

    private IReadOnlyList<string> Prefix => ["ip", "netns", "exec", _name];

    /// <summary>Makes the namespace and the tap.</summary>
    public static async Task<TapNetwork> CreateAsync(CancellationToken cancellation)
    {
        var network = new TapNetwork();
        await MustAsync(["ip", "netns", "add", network._name], cancellation).ConfigureAwait(false);
        try
        {
            string[][] commands =
            [
                ["ip", "link", "set", "lo", "up"],
                // Of many ports at once, all in TIME-WAIT: a connection per request uses them up.
                ["sh", "-c", "echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range"],
                ["ip", "tuntap", "add", "mode", "tap", "name", Tap],
                ["ip", "address", "add", HostAddress, "dev", Tap],
                ["ip", "link", "set", Tap, "up"],
            ];
            foreach (var command in commands)
            {
                await network.InsideAsync(command, cancellation).ConfigureAwait(false);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Boots a guest and waits for its first page.</summary>
    public async Task BootAsync(GuestOptions options, Action<string> onSerialLine, CancellationToken cancellation)
    {
        EndGuest();
        _guest = GuestProcess.Start(options with { Network = new GuestNetwork(GuestNetworkKind.Tap, Tap) }, onSerialLine, Prefix);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _longestBoot && !_guest.Exit.IsCompleted)
        {
            var answer = await TryInsideAsync(
                ["curl", "-s", "--fail", "--max-time", "1", "-o", "/dev/null", $"http://{GuestAddress}:{Contestant.GuestPort}/"], cancellation).ConfigureAwait(false);
            if (answer.ExitCode == 0)
            {
                return;
            }

            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }

        throw new UserError($"the guest {(_guest.Exit.IsCompleted ? "ended" : "did not answer")} after {clock.Elapsed.TotalSeconds:0} s.", exitCode: ExitCodes.Failure);
    }

    /// <summary>Ends the guest, if there is one.</summary>
    public void EndGuest()
    {
        _guest?.Dispose();
        _guest = null;
    }

    /// <summary>Runs a program inside, which must succeed.</summary>
    public Task<string> InsideAsync(IReadOnlyList<string> command, CancellationToken cancellation) => MustAsync([.. Prefix, .. command], cancellation);

    /// <summary>Runs a program inside, whatever becomes of it.</summary>
    public Task<HostProcessResult> TryInsideAsync(IReadOnlyList<string> command, CancellationToken cancellation) =>
        HostProcess.CaptureAsync(Prefix[0], [.. Prefix.Skip(1), .. command], cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        EndGuest();
        await HostProcess.CaptureAsync("ip", ["netns", "delete", _name], CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task<string> MustAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(command[0], command.Skip(1), cancellation).ConfigureAwait(false);
        return result.ExitCode == 0
            ? result.Output
            : throw new UserError($"{string.Join(' ', command)}\n{result.Output.TrimEnd()}", "Network namespaces need root.", ExitCodes.Failure);
    }
}
