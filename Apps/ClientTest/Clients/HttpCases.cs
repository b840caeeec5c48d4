using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Troupe.Apps.ClientTest.Clients;

/// <summary>HttpClient against a web server: plain and by TLS, with good certificates and bad ones.</summary>
internal static class HttpCases
{
    private const int Parallel = 10;

    public static async Task<int> RunAsync(Servers servers)
    {
        CaseRun run = new("http");
        using HttpClient client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
        await run.CaseAsync("plain", token => GetAsync(client, servers.Address("http", "plain", "/small"), HttpVersion.Version11, token));
        await run.CaseAsync("plain.missing", token => GetAsync(client, servers.Address("http", "plain", "/missing"), HttpVersion.Version11, token));
        await run.CaseAsync("plain.large", token => HashAsync(client, servers.Address("http", "plain", "/large"), HttpVersion.Version11, token));
        await run.CaseAsync("plain.parallel", token => ParallelAsync(client, servers.Address("http", "plain", "/small"), HttpVersion.Version11, token));
        await run.CaseAsync("tls", token => GetAsync(client, servers.Address("https", "tls", "/small"), HttpVersion.Version11, token));
        await run.CaseAsync("tls.http2", token => GetAsync(client, servers.Address("https", "tls", "/small"), HttpVersion.Version20, token));
        await run.CaseAsync("tls.large", token => HashAsync(client, servers.Address("https", "tls", "/large"), HttpVersion.Version11, token));
        await run.CaseAsync("tls.http2.large", token => HashAsync(client, servers.Address("https", "tls", "/large"), HttpVersion.Version20, token));
        await run.CaseAsync("tls.parallel", token => ParallelAsync(client, servers.Address("https", "tls", "/small"), HttpVersion.Version11, token));
        await run.CaseAsync("tls.http2.parallel", token => ParallelAsync(client, servers.Address("https", "tls", "/small"), HttpVersion.Version20, token));
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Put, HttpMethod.Delete])
            await run.CaseAsync($"tls.{method.Method.ToLowerInvariant()}", token => SendAsync(client, method, servers.Address("https", "tls", "/stored/file"), token));
        foreach ((string name, SslProtocols protocol) in ((string, SslProtocols)[])[("tls12", SslProtocols.Tls12), ("tls13", SslProtocols.Tls13)])
        {
            await run.CaseAsync($"{name}.handshake", token => HandshakeAsync(servers, name, SslProtocols.None, token));
            SslProtocols other = protocol == SslProtocols.Tls12 ? SslProtocols.Tls13 : SslProtocols.Tls12;
            await run.CaseAsync($"{name}.other-version", token => RefusedAsync(() => HandshakeAsync(servers, name, other, token)));
        }

        foreach (string bad in (string[])["untrusted", "expired", "othername"])
            await run.CaseAsync($"tls.{bad}", token => RefusedAsync(() => client.GetAsync(servers.Address("https", bad, "/small"), token)));
        await run.CaseAsync("tls.untrusted.pinned", token => PinnedAsync(servers.Address("https", "untrusted", "/small"), token));
        await run.CaseAsync("refused", token => RefusedAsync(() => client.GetAsync(servers.Address("http", "closed", "/"), token)));
        await run.CaseAsync("cancelled", async token =>
        {
            using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(token);
            soon.CancelAfter(TimeSpan.FromMilliseconds(300));
            OperationCanceledException exception = await CaseRun.ThrowsAsync<OperationCanceledException>(() => client.GetAsync(servers.Address("http", "silent", "/"), soon.Token));
            return exception.GetType().Name;
        });
        return run.End();
    }

    /// <summary>Gets pages one after another, and says of each how it came or why it did not.</summary>
    public static async Task<int> GetEachAsync(IEnumerable<string> addresses)
    {
        using HttpClient client = new();
        int number = 0;
        foreach (string address in addresses)
        {
            string answer;
            try
            {
                answer = await GetAsync(client, new Uri(address), HttpVersion.Version11, CancellationToken.None);
            }
            catch (HttpRequestException exception)
            {
                answer = Reason(exception);
            }

            Console.WriteLine($"get {++number}: {answer}");
        }

        return 0;
    }

    private static HttpRequestMessage Request(HttpMethod method, Uri address, Version version) =>
        new(method, address) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<string> GetAsync(HttpClient client, Uri address, Version version, CancellationToken token)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, address, version);
        using HttpResponseMessage response = await client.SendAsync(request, token);
        string body = await response.Content.ReadAsStringAsync(token);
        return $"HTTP/{response.Version} {(int)response.StatusCode}, {(response.IsSuccessStatusCode ? body.Trim() : response.ReasonPhrase)}";
    }

    private static async Task<string> HashAsync(HttpClient client, Uri address, Version version, CancellationToken token)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, address, version);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        await using Stream body = await response.Content.ReadAsStreamAsync(token);
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(body, token));
        return $"HTTP/{response.Version} {(int)response.StatusCode}, {response.Content.Headers.ContentLength} bytes, SHA-256 {hash}";
    }

    private static async Task<string> ParallelAsync(HttpClient client, Uri address, Version version, CancellationToken token)
    {
        string[] answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => GetAsync(client, address, version, token)));
        return $"{answers.Length} times {string.Join(" and ", answers.Distinct())}";
    }

    private static async Task<string> SendAsync(HttpClient client, HttpMethod method, Uri address, CancellationToken token)
    {
        using HttpRequestMessage request = Request(method, address, HttpVersion.Version11);
        if (method == HttpMethod.Put)
        {
            byte[] body = new byte[5_000_000];
            new Random(1).NextBytes(body);
            request.Content = new ByteArrayContent(body);
        }

        using HttpResponseMessage response = await client.SendAsync(request, token);
        string stored = method == HttpMethod.Put ? ", " + await HashAsync(client, address, HttpVersion.Version11, token) : "";
        return string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {response.ReasonPhrase}{stored}");
    }

    private static async Task<string> HandshakeAsync(Servers servers, string name, SslProtocols protocols, CancellationToken token)
    {
        using TcpClient connection = new();
        await connection.ConnectAsync(servers.Host, servers.Port(name), token);
        await using SslStream stream = new(connection.GetStream());
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = servers.Host,
            EnabledSslProtocols = protocols,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        };
        await stream.AuthenticateAsClientAsync(options, token);
        return $"{stream.SslProtocol}, {stream.NegotiatedCipherSuite}, {stream.NegotiatedApplicationProtocol}, {stream.RemoteCertificate?.Subject}";
    }

    private static async Task<string> RefusedAsync(Func<Task> connect) => Reason(await CaseRun.ThrowsAsync<Exception>(connect));

    /// <summary>What stands at the bottom of a failed connection.</summary>
    private static string Reason(Exception exception)
    {
        HttpRequestError? error = (exception as HttpRequestException)?.HttpRequestError;
        while (exception.InnerException is { } inner)
            exception = inner;
        string reason = exception switch
        {
            SocketException socket => $"SocketError.{socket.SocketErrorCode}",
            AuthenticationException authentication => $"AuthenticationException: {authentication.Message}",
            _ => exception.GetType().Name,
        };
        return error is null ? reason : $"{error}, {reason}";
    }

    /// <summary>A program may decide for itself whom it trusts.</summary>
    private static async Task<string> PinnedAsync(Uri address, CancellationToken token)
    {
        SslPolicyErrors seen = SslPolicyErrors.None;
        using SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            seen = errors;
            return certificate is X509Certificate2 { Subject: "CN=untrusted" } && chain?.ChainStatus.Length > 0;
        };
        using HttpClient client = new(handler);
        return $"{await GetAsync(client, address, HttpVersion.Version11, token)}, {seen}";
    }
}
