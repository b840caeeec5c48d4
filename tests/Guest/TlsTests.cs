using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Troupe.Tools.Guests;
using Troupe.Tools.Testing.Clients;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Apps/ClientTest, an image with OpenSSL in it (docs/boot.md). What more it can do, <c>./troupe test clients</c> tries.</summary>
public sealed class TlsTests
{
    private const int SecurePort = 8443;

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task KestrelServesHttpsInBothVersionsOfHttpAndOfTls()
    {
        using var guest = Guest.Boot("Apps/ClientTest", options => options with { CommandLine = "serve", Forwards = [new PortForward(PortForward.FreePort(), SecurePort)] });
        await guest.SaysAsync("listening on https", _longest);
        foreach (var tls in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
            {
                using var client = Client(tls);
                using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{guest.HostPort}/way") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
                using var response = await client.SendAsync(request);
                var protocol = version.Major == 2 ? "HTTP/2" : "HTTP/1.1";
                Assert.Equal($$"""{"protocol":"{{protocol}}","tls":"{{tls}}","method":"GET","path":"/way"}""", await response.Content.ReadAsStringAsync());
            }
        }

        guest.StillRuns();
    }

    [Fact]
    public async Task HttpClientTrustsTheImagesRootsAndNobodyElse()
    {
        var folder = Directory.CreateTempSubdirectory("troupe-tls-");
        List<TcpListener> listeners = [];
        try
        {
            var certificates = TestCertificates.Write(Repository.Locate(), folder.FullName);
            foreach (var name in (string[])["good", "untrusted", "expired", "othername"])
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
                _ = ServeAsync(listener, X509Certificate2.CreateFromPemFile(certificates.Certificate(name), certificates.Key(name)));
            }

            // QEMU's own network: this is the host's loopback address.
            var addresses = listeners.Select(listener => string.Create(CultureInfo.InvariantCulture, $"https://10.0.2.2:{((IPEndPoint)listener.LocalEndpoint).Port}/"));
            using var guest = Guest.Boot("Apps/ClientTest", options => options with { CommandLine = "get " + string.Join(' ', addresses) });
            await guest.SaysAsync("get 4: ", _longest);
            await guest.ExitsWithAsync(0, _longest);
            Assert.Contains(guest.Lines, line => line.StartsWith("get 1: HTTP/1.1 200, hello by Tls13", StringComparison.Ordinal));
            Assert.Contains(guest.Lines, line => line.StartsWith("get 2: SecureConnectionError", StringComparison.Ordinal) && line.Contains("UntrustedRoot", StringComparison.Ordinal));
            Assert.Contains(guest.Lines, line => line.StartsWith("get 3: SecureConnectionError", StringComparison.Ordinal) && line.Contains("NotTimeValid", StringComparison.Ordinal));
            Assert.Contains(guest.Lines, line => line.StartsWith("get 4: SecureConnectionError", StringComparison.Ordinal) && line.Contains("RemoteCertificateNameMismatch", StringComparison.Ordinal));
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
            folder.Delete(recursive: true);
        }
    }

    private static HttpClient Client(SslProtocols tls)
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(TestCertificates.RootFile(Repository.Locate()));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.EnabledSslProtocols = tls;
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { root },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return new HttpClient(handler) { Timeout = Guest.Patience };
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(certificate, clientCertificateRequired: false, checkCertificateRevocation: false);
                using var reader = new StreamReader(stream, Encoding.ASCII);
                while (!string.IsNullOrEmpty(await reader.ReadLineAsync()))
                {
                }

                var body = $"hello by {stream.SslProtocol}";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}")));
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException)
            {
                // A client that does not trust us says no, and the next one comes.
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                certificate.Dispose();
                return;
            }
        }
    }
}
