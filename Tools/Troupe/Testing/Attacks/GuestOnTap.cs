using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>A guest on a tap of this program's private network.</summary>
internal sealed class GuestOnTap : IDisposable
{
    public const string Tap = "tap0";
    public const string HostAddress = "10.77.0.1";
    public const string GuestAddress = "10.77.0.2";
    public const int PrefixLength = 16;
    public const ushort Port = 8080;

    /// <summary>The command line of a guest with a fixed address.</summary>
    public const string Fixed = "ip=10.77.0.2/16 gateway=10.77.0.1";

    private static readonly TimeSpan _longestBoot = TimeSpan.FromSeconds(120);

    private static GuestNetwork OnTap => new(GuestNetworkKind.Tap, Tap);

    private readonly Queue<string> _lines = new();
    private readonly GuestProcess _guest;

    private GuestOnTap(GuestOptions options, Action<string>? onLine) => _guest = GuestProcess.Start(
        options,
        line =>
        {
            lock (_lines)
            {
                _lines.Enqueue(line);
                if (_lines.Count > 200)
                {
                    _lines.Dequeue();
                }
            }

            onLine?.Invoke(line);
        });

    public static IPEndPoint EndPoint { get; } = new(IPAddress.Parse(GuestAddress), Port);

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => !_guest.Exit.IsCompleted;

    /// <summary>The last words on its console.</summary>
    public string LastWords
    {
        get
        {
            lock (_lines)
            {
                return string.Concat(_lines.TakeLast(12).Select(line => "\n    " + line));
            }
        }
    }

    /// <summary>Boots one; its network is the tap, which has several queues if there are several pairs.</summary>
    public static GuestOnTap Boot(GuestOptions options, int queuePairs = 1) => new(options with { Network = OnTap with { QueuePairs = queuePairs } }, onLine: null);

    /// <summary>Boots one; where its card does not cut segments, what is on the tap are packets as on a wire.</summary>
    public static GuestOnTap Boot(Image image, int processors, int memory, string commandLine = Fixed, Action<string>? onLine = null, bool cutsSegments = true) => new(
        new GuestOptions
        {
            Image = image.Elf,
            Processors = processors,
            Memory = memory,
            CommandLine = commandLine,
            Network = OnTap,
            Extra = cutsSegments ? [] : ["-global", "virtio-net-pci.host_tso4=off", "-global", "virtio-net-pci.host_tso6=off"],
        },
        onLine);

    /// <summary>Waits until it answers.</summary>
    public async Task AnswersAsync(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _longestBoot && IsAlive)
        {
            if (await TryGetAsync("/", TimeSpan.FromSeconds(2), cancellation).ConfigureAwait(false) is not null)
            {
                return;
            }

            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }

        throw new UserError($"the guest {(IsAlive ? "did not answer" : "ended")} after {clock.Elapsed.TotalSeconds:0} s.{LastWords}", exitCode: ExitCodes.Failure);
    }

    /// <summary>A page, over a connection of its own; null when it did not come in time.</summary>
    public static async Task<string?> TryGetAsync(string path, TimeSpan limit, CancellationToken cancellation, string local = HostAddress)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit);
        try
        {
            using var socket = await PrivateNetwork.ConnectAsync(new IPEndPoint(IPAddress.Parse(local), 0), EndPoint, timeout.Token).ConfigureAwait(false);
            return await HttpExchange.GetAsync(socket, path, close: true, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or IOException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>What the guest says of its network: numbers by name.</summary>
    public async Task<GuestReport> ReportAsync(bool collect, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (await TryGetAsync(collect ? "/network?collect=1" : "/network", TimeSpan.FromSeconds(30), cancellation).ConfigureAwait(false) is { } text)
            {
                return GuestReport.Parse(text);
            }
        }

        throw new UserError($"the guest does not report.{LastWords}", exitCode: ExitCodes.Failure);
    }

    public void Dispose() => _guest.Dispose();
}

/// <summary>GET /network of Apps/Benchmark.</summary>
internal sealed class GuestReport
{
    private readonly Dictionary<string, string> _values = [];

    /// <summary>A number; 0 for one that is not there, as counters that never counted are not.</summary>
    public long this[string name] => _values.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : 0;

    /// <summary>All names.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>A text; null for one that is not there.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    public static GuestReport Parse(string text)
    {
        var report = new GuestReport();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            report._values[line[..space]] = line[(space + 1)..];
        }

        return report;
    }

    /// <summary>What was dropped since another report, by layer and cause.</summary>
    public string DroppedSince(GuestReport before) => string.Join(", ", Names
        .Where(name => name.Count(character => character == '.') == 2 && name.Contains(".dropped.", StringComparison.Ordinal) && this[name] > before[name])
        .Select(name => string.Create(CultureInfo.InvariantCulture, $"{name.Replace(".dropped.", " ", StringComparison.Ordinal)} {this[name] - before[name]}")));
}
