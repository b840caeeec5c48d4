using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Networks;

/// <summary>
/// A network namespace that nothing shares with this host: a command that needs one starts itself once more inside of it, and the namespace ends with the
/// command. Needs root.
/// </summary>
internal static class PrivateNetwork
{
    private const string Marker = "TROUPE_PRIVATE_NETWORK";

    // /sys shows the interfaces of the namespace that mounted it.
    private const string Enter = "mount -t sysfs sysfs /sys && ip link set lo up && exec \"$@\"";

    /// <summary>Whether this program runs inside.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(Marker) == "1";

    /// <summary>Runs this program with this command line inside, to its end.</summary>
    public static async Task<int> EnterAsync(CancellationToken cancellation)
    {
        if (Environment.UserName != "root")
        {
            throw new UserError("a network namespace needs root.", "Run it as root, or with sudo.", ExitCodes.Broken);
        }

        // The first word is the assembly where the tools run from theirs.
        var words = Environment.GetCommandLineArgs();
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, .. words]
            : [Environment.ProcessPath!, .. words.Skip(1)];
        return await HostProcess.RunAsync(
            "unshare", ["--net", "--mount", "--", "sh", "-c", Enter, "sh", .. self], cancellation, environment: new Dictionary<string, string> { [Marker] = "1" })
            .ConfigureAwait(false);
    }

    /// <summary>Runs a program of the host, which must succeed; its output.</summary>
    public static async Task<string> MustAsync(CancellationToken cancellation, params string[] command)
    {
        var result = await HostProcess.CaptureAsync(command[0], command.Skip(1), cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output : throw new UserError($"{string.Join(' ', command)}\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Broken);
    }

    /// <summary>Makes a tap with an address; one with several queues can be opened as that alone.</summary>
    public static async Task CreateTapAsync(string name, string address, CancellationToken cancellation, bool severalQueues = false)
    {
        await MustAsync(cancellation, ["ip", "tuntap", "add", "mode", "tap", .. severalQueues ? ["multi_queue"] : Array.Empty<string>(), "name", name]).ConfigureAwait(false);
        await MustAsync(cancellation, "ip", "address", "add", address, "dev", name).ConfigureAwait(false);
        await MustAsync(cancellation, "ip", "link", "set", name, "up").ConfigureAwait(false);
    }

    /// <summary>The Ethernet address of one of this namespace's interfaces.</summary>
    public static ulong HardwareOf(string interfaceName) => Hardware(File.ReadAllText($"/sys/class/net/{interfaceName}/address").Trim());

    /// <summary>The Ethernet address of a neighbour that was talked to.</summary>
    public static ulong HardwareOf(IPAddress neighbour)
    {
        // proc(5): address, hardware type, flags, hardware address, ...
        var line = File.ReadLines("/proc/net/arp").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(words => words[0] == neighbour.ToString());
        return line is null ? throw new UserError($"{neighbour} is not in the ARP cache.", exitCode: ExitCodes.Broken) : Hardware(line[3]);
    }

    /// <summary>Opens a connection from one of this host's addresses, and port 0 for any.</summary>
    public static async Task<Socket> ConnectAsync(IPEndPoint local, IPEndPoint remote, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(local);
            await socket.ConnectAsync(remote, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ulong Hardware(string text) => ulong.Parse(text.Replace(":", string.Empty, StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
