using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Testing.Clients;

/// <summary>Apps/ClientTest as a server, hosted or in a guest, behind ports of this host's loopback address.</summary>
internal sealed class WebServerProcess : IDisposable
{
    private const int PlainPort = 8080;
    private const int PlainHttp2Port = 8081;
    private const int SecurePort = 8443;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);

    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDisposable? _process;
    private PortRelays? _relays;

    private WebServerProcess()
    {
        (Plain, PlainHttp2, Secure) = (PortForward.FreePort(), PortForward.FreePort(), PortForward.FreePort());
    }

    /// <summary>HTTP/1.1 without TLS.</summary>
    public int Plain { get; }

    /// <summary>HTTP/2 without TLS, known beforehand.</summary>
    public int PlainHttp2 { get; }

    /// <summary>Both with TLS.</summary>
    public int Secure { get; }

    /// <summary>What it has printed.</summary>
    public IReadOnlyList<string> Lines => _lines;

    public static WebServerProcess Hosted(string program)
    {
        var server = new WebServerProcess();
        string Word(string name, int port) => string.Create(CultureInfo.InvariantCulture, $"{name}={port}");
        server._process = ServerProcess.Start(
            "dotnet", [program, "serve", Word("plain", server.Plain), Word("http2", server.PlainHttp2), Word("secure", server.Secure)], onLine: server.Hear);
        return server;
    }

    public static WebServerProcess InGuest(GuestOptions options)
    {
        var server = new WebServerProcess();
        server._relays = new PortRelays([new(server.Plain, PlainPort), new(server.PlainHttp2, PlainHttp2Port), new(server.Secure, SecurePort)]);
        server._process = GuestProcess.Start(options with { Forwards = server._relays.Inner }, server.Hear);
        return server;
    }

    /// <summary>Waits until it listens.</summary>
    public async Task ListensAsync(CancellationToken cancellation)
    {
        try
        {
            await _listens.Task.WaitAsync(_patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_lines)
            {
                throw new UserError($"the server does not listen:\n{string.Join('\n', _lines.TakeLast(30))}", exitCode: ExitCodes.Failure);
            }
        }
    }

    public void Dispose()
    {
        _process?.Dispose();
        _relays?.Dispose();
    }

    private void Hear(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
        }

        if (line.Contains("listening on https", StringComparison.Ordinal))
        {
            _listens.TrySetResult();
        }
    }
}
