using System.Globalization;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>What this host's programs get from the web application of Apps/ClientTest.</summary>
internal sealed class WebCases(Repository repository, WebServerProcess server)
{
    private const int Bytes = 40 << 20;
    private const int Parallel = 50;

    private readonly List<CaseResult> _results = [];

    private string Root => TestCertificates.RootFile(repository);

    /// <summary>Runs all of them.</summary>
    public async Task<IReadOnlyList<CaseResult>> RunAsync(CancellationToken cancellation)
    {
        await server.ListensAsync(cancellation).ConfigureAwait(false);
        var folder = Directory.CreateTempSubdirectory("troupe-web-");
        try
        {
            await ProtocolsAsync(cancellation).ConfigureAwait(false);
            await JsonAsync(cancellation).ConfigureAwait(false);
            await StreamsAsync(folder.FullName, cancellation).ConfigureAwait(false);
            foreach (var (name, address) in new[] { ("ws", $"ws://127.0.0.1:{server.Plain}/echo"), ("wss", $"wss://127.0.0.1:{server.Secure}/echo") })
            {
                await CaseAsync($"websocket.{name}", "6 messages the same, closed NormalClosure 'bye'", token => EchoAsync(new Uri(address), token), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return _results;
    }

    private async Task ProtocolsAsync(CancellationToken cancellation)
    {
        string Way(string protocol, string? tls) => $$"""{"protocol":"{{protocol}}","tls":{{(tls is null ? "null" : $"\"{tls}\"")}},"method":"GET","path":"/way"}""";
        await CurlAsync("http1", Way("HTTP/1.1", null), [Plain("/way")], cancellation).ConfigureAwait(false);
        await CurlAsync("http2", Way("HTTP/2", null), ["--http2-prior-knowledge", $"http://127.0.0.1:{server.PlainHttp2}/way"], cancellation).ConfigureAwait(false);
        foreach (var (version, limits, tls) in new (string, string[], string)[] { ("tls12", ["--tls-max", "1.2"], "Tls12"), ("tls13", ["--tlsv1.3"], "Tls13") })
        {
            await CurlAsync($"{version}.http1", Way("HTTP/1.1", tls), ["--http1.1", .. limits, Secure("/way")], cancellation).ConfigureAwait(false);
            await CurlAsync($"{version}.http2", Way("HTTP/2", tls), ["--http2", .. limits, Secure("/way")], cancellation).ConfigureAwait(false);
        }

        // curl's exit codes: 60 is a certificate that it does not trust, 35 a handshake that failed.
        await CaseAsync("tls.unknown-root", "60", async token => $"{(await HostProcess.CaptureAsync("curl", ["-sS", "-o", "/dev/null", Secure("/way")], token).ConfigureAwait(false)).ExitCode}", cancellation)
            .ConfigureAwait(false);
        await CaseAsync("tls.too-old", "35", async token => $"{(await HostProcess.CaptureAsync("curl", ["-sS", "--cacert", Root, "--tls-max", "1.1", "--tlsv1.0", "-o", "/dev/null", Secure("/way")], token).ConfigureAwait(false)).ExitCode}", cancellation)
            .ConfigureAwait(false);
        string many = string.Create(CultureInfo.InvariantCulture, $"{Secure("/way")}?[1-{Parallel}]");
        foreach (var protocol in (string[])["--http1.1", "--http2"])
        {
            await CaseAsync($"parallel{protocol[1..]}", $"{Parallel} answers", async token =>
            {
                var result = await CurlAsync(["-Z", protocol, many], token).ConfigureAwait(false);
                return $"{result.Split("\"path\":\"/way\"").Length - 1} answers";
            }, cancellation).ConfigureAwait(false);
        }
    }

    private async Task JsonAsync(CancellationToken cancellation)
    {
        string[] Post(string body) => ["-H", "Content-Type: application/json", "-w", " %{http_code}", "-d", body];
        const string Order = """{"customer":"Ada","lines":[{"article":"wheel","count":4,"price":12.50},{"article":"belt","count":1,"price":3.99}]}""";
        const string Bill = """{"customer":"Ada","articles":5,"total":53.99} 200""";
        await CurlAsync("json", Bill, [.. Post(Order), Plain("/order")], cancellation).ConfigureAwait(false);
        await CurlAsync("json.http2", Bill, ["--http2", .. Post(Order), Secure("/order")], cancellation).ConfigureAwait(false);
        await CurlAsync("json.broken", " 400", [.. Post("{\"customer\":"), Plain("/order")], cancellation).ConfigureAwait(false);
        await CurlAsync("missing", " 404", ["-w", " %{http_code}", Secure("/nowhere")], cancellation).ConfigureAwait(false);
    }

    private async Task StreamsAsync(string folder, CancellationToken cancellation)
    {
        var bytes = new byte[Bytes];
        Net.ByteSequence.Fill(bytes, 0);
        var file = Path.Combine(folder, "sent");
        await File.WriteAllBytesAsync(file, bytes, cancellation).ConfigureAwait(false);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var (plain, http2) = (Plain("/bytes"), $"http://127.0.0.1:{server.PlainHttp2}/bytes");
        foreach (var (name, words, address) in new (string, string[], string)[]
            {
                ("http1", ["--http1.1"], plain), ("http2", ["--http2-prior-knowledge"], http2), ("tls.http1", ["--http1.1"], Secure("/bytes")), ("tls.http2", ["--http2"], Secure("/bytes")),
            })
        {
            await CurlAsync($"upload.{name}", $"{Bytes} bytes, all right", [.. words, "-H", "Expect:", "-T", file, address], cancellation).ConfigureAwait(false);
            await CaseAsync($"download.{name}", hash, async token =>
            {
                var received = Path.Combine(folder, "received");
                await CurlAsync([.. words, "-o", received, string.Create(CultureInfo.InvariantCulture, $"{address}?count={Bytes}")], token).ConfigureAwait(false);
                return Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(received, token).ConfigureAwait(false)));
            }, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<string> EchoAsync(Uri address, CancellationToken cancellation)
    {
        using var client = new ClientWebSocket();
        using var root = X509CertificateLoader.LoadCertificateFromFile(Root);
        client.Options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0 || certificate is not X509Certificate2 presented)
            {
                return false;
            }

            chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(root);
            return chain.Build(presented);
        };
        await client.ConnectAsync(address, cancellation).ConfigureAwait(false);
        var same = 0;
        // The lengths at which a frame's header changes (RFC 6455, 5.2), and messages of several frames.
        foreach (var (length, type) in new[]
            {
                (0, WebSocketMessageType.Text), (125, WebSocketMessageType.Text), (126, WebSocketMessageType.Binary), (65_535, WebSocketMessageType.Binary),
                (65_536, WebSocketMessageType.Binary), (1_000_000, WebSocketMessageType.Binary),
            })
        {
            var sent = new byte[length];
            new Random(length).NextBytes(sent);
            if (type == WebSocketMessageType.Text)
            {
                Array.Fill(sent, (byte)'a');
            }

            var sending = client.SendAsync(sent, type, endOfMessage: true, cancellation);
            var received = new MemoryStream();
            var buffer = new byte[16 * 1024];
            WebSocketReceiveResult piece;
            do
            {
                piece = await client.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
                received.Write(buffer, 0, piece.Count);
            }
            while (!piece.EndOfMessage);
            await sending.ConfigureAwait(false);
            same += piece.MessageType == type && received.ToArray().AsSpan().SequenceEqual(sent) ? 1 : 0;
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", cancellation).ConfigureAwait(false);
        return $"{same} messages the same, closed {client.CloseStatus} '{client.CloseStatusDescription}'";
    }

    private string Plain(string path) => $"http://127.0.0.1:{server.Plain}{path}";

    private string Secure(string path) => $"https://127.0.0.1:{server.Secure}{path}";

    private async Task<string> CurlAsync(string[] arguments, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync("curl", ["-sS", "--max-time", "120", "--cacert", Root, .. arguments], cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output.TrimEnd('\n') : throw new UserError($"curl ended with {result.ExitCode}: {result.Output.Trim()}");
    }

    private Task CurlAsync(string name, string expected, string[] arguments, CancellationToken cancellation) =>
        CaseAsync(name, expected, token => CurlAsync(arguments, token), cancellation);

    private async Task CaseAsync(string name, string expected, Func<CancellationToken, Task<string>> run, CancellationToken cancellation)
    {
        string answer;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(150));
            answer = await run(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            answer = "FAILED " + exception.Message;
        }

        _results.Add(new CaseResult("web." + name, answer, expected));
    }
}
