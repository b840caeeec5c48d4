using System.Diagnostics;
using Troupe.Tools.Testing.Attacks;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>What a guest said it has: "ipv4 10.77.0.50/16 gateway 10.77.0.1 domain lab.example; ipv6 none; servers 10.77.0.1; search lab.example".</summary>
/// <param name="Text">The line.</param>
internal sealed record NetworkState(string Text)
{
    public static readonly NetworkState None = new(string.Empty);

    /// <summary>The IPv4 address, or "none".</summary>
    public string Ipv4 => Part(0).Split('/')[0];

    public string Ipv6 => Part(1);

    public string Servers => Part(2);

    public string Search => Part(3);

    // The parts are "NAME VALUE", with "; " between.
    private string Part(int index)
    {
        var parts = Text.Split("; ");
        return index < parts.Length ? parts[index][(parts[index].IndexOf(' ', StringComparison.Ordinal) + 1)..] : "none";
    }
}

/// <summary>A guest that says what addresses, routers and servers it has, and when that changes.</summary>
internal sealed class WatchedGuest : IDisposable
{
    private const string Prefix = "network: ";
    private const int Memory = 256;

    private readonly List<NetworkState> _states = [NetworkState.None];
    private readonly GuestOnTap _guest;

    public WatchedGuest(Image image, int processors, string commandLine) => _guest = GuestOnTap.Boot(image, processors, Memory, $"{commandLine} network=watch", Hear, cutsSegments: false);

    /// <summary>What it has now.</summary>
    public NetworkState Now
    {
        get
        {
            lock (_states)
            {
                return _states[^1];
            }
        }
    }

    /// <summary>What it has had since it was last asked, the newest last.</summary>
    public IReadOnlyList<NetworkState> Since(int count)
    {
        lock (_states)
        {
            return _states[count..];
        }
    }

    public int Count
    {
        get
        {
            lock (_states)
            {
                return _states.Count;
            }
        }
    }

    /// <summary>Waits until what it has is as told; false if it is not in time.</summary>
    public async Task<bool> HasAsync(Func<NetworkState, bool> expected, TimeSpan limit, CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit && _guest.IsAlive; await Task.Delay(50, cancellation).ConfigureAwait(false))
        {
            if (expected(Now))
            {
                return true;
            }
        }

        return expected(Now);
    }

    /// <summary>A page from the address it has; null when it does not come.</summary>
    public async Task<string?> GetAsync(string path, TimeSpan limit, CancellationToken cancellation, string? host = null)
    {
        // Refused: it has an address, and its server does not listen yet.
        var seconds = $"{limit.TotalSeconds:0}";
        var result = await HostProcess.CaptureAsync(
            "curl",
            ["-gs", "--fail", "--retry", "30", "--retry-connrefused", "--retry-delay", "1", "--retry-max-time", seconds, "--max-time", seconds, $"http://{host ?? Now.Ipv4}:{GuestOnTap.Port}{path}"],
            cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output : null;
    }

    public string LastWords => _guest.LastWords;

    public void Dispose() => _guest.Dispose();

    private void Hear(string line)
    {
        var at = line.IndexOf(Prefix, StringComparison.Ordinal);
        if (at < 0)
        {
            return;
        }

        lock (_states)
        {
            _states.Add(new(line[(at + Prefix.Length)..].TrimEnd()));
        }
    }
}
