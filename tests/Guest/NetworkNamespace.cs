using System.Globalization;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>A network of its own, with one tap in it: guests and their peers meet here and nowhere near this host's own network.
/// Needs root. The kernel takes the tap away together with the namespace.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    public const string Tap = "tap0";
    public const string HostAddress = "10.77.0.1";
    public const string GuestAddress = "10.77.0.2";

    private static int _count;

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>Runs a program inside.</summary>
    public IReadOnlyList<string> Prefix => ["ip", "netns", "exec", Name];

    /// <summary>Makes one; a tap with several queues can be opened as that alone.</summary>
    public static async Task<NetworkNamespace> CreateAsync(bool severalQueues = false)
    {
        var number = Interlocked.Increment(ref _count);
        var created = new NetworkNamespace(string.Create(CultureInfo.InvariantCulture, $"troupe-{Environment.ProcessId}-{number}"));
        await MustAsync("ip", "netns", "add", created.Name);
        try
        {
            await created.InsideAsync("ip", "link", "set", "lo", "up");
            await created.InsideAsync(["ip", "tuntap", "add", "mode", "tap", .. severalQueues ? ["multi_queue"] : Array.Empty<string>(), "name", Tap]);
            await created.InsideAsync("ip", "address", "add", $"{HostAddress}/24", "dev", Tap);
            await created.InsideAsync("ip", "link", "set", Tap, "up");
            return created;
        }
        catch
        {
            created.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program of the host inside, which must succeed.</summary>
    public Task<string> InsideAsync(params string[] command) => MustAsync([.. Prefix, .. command]);

    public void Dispose() =>
        HostProcess.CaptureAsync("ip", ["netns", "delete", Name], CancellationToken.None).GetAwaiter().GetResult();

    private static async Task<string> MustAsync(params string[] command)
    {
        var result = await HostProcess.CaptureAsync(command[0], command[1..], CancellationToken.None);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}\n{result.Output}");
        return result.Output;
    }
}
