using System.Diagnostics;
using System.Text;
using Troupe.Tools.Guests;
using Troupe.Tools.Symbols;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>A real guest in QEMU: boots an app's image, hears its serial port, asks it for pages, and is gone at the end of the test.</summary>
internal sealed class Guest : IDisposable
{
    /// <summary>A guest boots in a second; a busy host may need many.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int LinesShown = 60;

    // The trace rings of all processors, on a port that takes what the host gives it.
    private static readonly TimeSpan _reportTime = TimeSpan.FromSeconds(5);

    private readonly List<string> _serial = [];
    private readonly Symbolizer _symbols;
    private readonly GuestProcess _process;
    private readonly PortRelays _relays;
    private readonly SemaphoreSlim _news = new(0);
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-guest").FullName;

    private Guest(Image image, GuestOptions options, NetworkNamespace? network)
    {
        Options = options;
        _symbols = new Symbolizer(image.Symbols, SourceRoot);
        // As `troupe run` does.
        _relays = new PortRelays(options.Forwards);
        _process = GuestProcess.Start(options with { Forwards = _relays.Inner, MonitorSocket = MonitorSocket }, Hear, network?.Prefix);
        Http = new HttpClient { BaseAddress = HostPort is { } port ? new Uri($"http://127.0.0.1:{port}/") : null, Timeout = Patience };
    }

    public GuestOptions Options { get; }

    /// <summary>Where QEMU's monitor listens, for <see cref="QemuMonitor"/>.</summary>
    public string MonitorSocket => Path.Combine(_folder, "monitor");

    /// <summary>What QEMU has taken of the host's processors.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            using var process = Process.GetProcessById(_process.ProcessId);
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Asks the guest's forwarded port.</summary>
    public HttpClient Http { get; }

    /// <summary>The port of this host that leads to the guest.</summary>
    public int? HostPort => Options.Forwards.FirstOrDefault()?.HostPort;

    private static string SourceRoot => Repository.Locate().Root;

    /// <summary>Boots an app's image, built before by <c>./troupe test</c> or <c>./troupe build</c>.</summary>
    public static Guest Boot(string app, Func<GuestOptions, GuestOptions>? with = null, NetworkNamespace? network = null)
    {
        var repository = Repository.Locate();
        var image = new ImageBuild(repository).ImageOf(repository.FindApp(app));
        Assert.True(File.Exists(image.Elf), $"{app} has no image: run ./troupe build {app}");
        var options = new GuestOptions { Image = image.Elf };
        return new Guest(image, with?.Invoke(options) ?? options, network);
    }

    /// <summary>Boots an app and forwards a free port of this host to its port 8080.</summary>
    public static Guest BootServer(string app, Func<GuestOptions, GuestOptions>? with = null) => Boot(app, options =>
    {
        var forwarded = options with { Forwards = [new PortForward(PortForward.FreePort(), 8080)] };
        return with?.Invoke(forwarded) ?? forwarded;
    });

    /// <summary>Boots an app on the tap of a network of its own, with an address of it.</summary>
    public static Guest BootOnTap(string app, NetworkNamespace network, Func<GuestOptions, GuestOptions>? with = null) => Boot(
        app,
        options =>
        {
            var connected = options with
            {
                Network = new GuestNetwork(GuestNetworkKind.Tap, NetworkNamespace.Tap),
                CommandLine = $"ip={NetworkNamespace.GuestAddress}/24 gateway={NetworkNamespace.HostAddress}",
            };
            return with?.Invoke(connected) ?? connected;
        },
        network);

    /// <summary>Waits until the guest prints a line with this text; fails with what it printed instead.</summary>
    public async Task<string> SaysAsync(string text, TimeSpan? within = null)
    {
        var clock = Stopwatch.StartNew();
        for (var next = 0; ;)
        {
            lock (_serial)
            {
                for (; next < _serial.Count; next++)
                {
                    if (_serial[next].Contains(text, StringComparison.Ordinal))
                    {
                        return _serial[next];
                    }
                }
            }

            Assert.False(_process.Exit.IsCompleted, $"the guest ended without saying '{text}'.\n{Transcript()}");
            var left = (within ?? Patience) - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                Assert.Fail($"the guest did not say '{text}' in time.\n{await DescribeHangAsync()}");
            }

            await Task.WhenAny(_news.WaitAsync(left), _process.Exit);
        }
    }

    /// <summary>Waits until the guest's server listens.</summary>
    public Task<string> ListensAsync() => SaysAsync("istening on");

    /// <summary>Waits for the guest's end and checks its exit code.</summary>
    public async Task ExitsWithAsync(int code, TimeSpan? within = null)
    {
        var ended = await Task.WhenAny(_process.Exit, Task.Delay(within ?? Patience));
        if (ended != _process.Exit)
        {
            Assert.Fail($"the guest still runs.\n{await DescribeHangAsync()}");
        }

        var exit = await _process.Exit;
        Assert.True(exit.Code == code, $"the guest ended with {exit.Code?.ToString() ?? exit.Reason}, not {code}.\n{Transcript()}");
    }

    /// <summary>Waits until the guest reads its console, and types; null: the input ends.</summary>
    public async Task TypeAsync(string? text)
    {
        await _process.ReadyForInput.WaitAsync(Patience);
        GuestInput.Forward(new MemoryStream(Encoding.UTF8.GetBytes(text ?? string.Empty)), _process.Input, tellEnd: text is null);
    }

    /// <summary>Checks that the guest goes on: it must not have ended.</summary>
    public void StillRuns() => Assert.False(_process.Exit.IsCompleted, $"the guest ended.\n{Transcript()}");

    /// <summary>What the guest has printed until now.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_serial)
            {
                return [.. _serial];
            }
        }
    }

    /// <summary>The last lines of the serial port.</summary>
    public string Transcript()
    {
        lock (_serial)
        {
            return string.Join('\n', _serial.TakeLast(LinesShown));
        }
    }

    public void Dispose()
    {
        _process.Dispose();
        _relays.Dispose();
        _symbols.Dispose();
        Http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>All that can be learned of a guest that does not go on: what it printed, where its processors are, and what its kernel says to an NMI.</summary>
    private async Task<string> DescribeHangAsync()
    {
        var printed = Transcript();
        int before = Lines.Count;
        var machine = await QemuMonitor.DescribeHangAsync(MonitorSocket);
        await Task.Delay(_reportTime);
        return string.Join('\n', [printed, machine, .. Lines.Skip(before)]);
    }

    private void Hear(string line)
    {
        lock (_serial)
        {
            _serial.Add(_symbols.Annotate(line));
        }

        _news.Release();
    }
}
