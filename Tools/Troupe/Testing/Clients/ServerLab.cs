using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>
/// The servers of <c>troupe test clients</c>: each on ports of its own of this host's loopback address, with its data in a temporary folder. All are gone when
/// this is disposed of.
/// </summary>
internal sealed class ServerLab : IDisposable
{
    /// <summary>What guests on QEMU's own network know the host's loopback address as.</summary>
    public const string AddressInGuests = "10.0.2.2";

    // nobody, which every Linux has: PostgreSQL refuses to be root.
    private const int NobodysNumber = 65534;

    private static readonly string[] _names =
    [
        "plain", "tls", "tls12", "tls13", "untrusted", "expired", "othername", "closed", "silent",
        "postgres", "postgres-untrusted", "redis", "redis-tls", "redis-untrusted", "nats", "nats-tls", "nats-untrusted",
    ];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder;
    private readonly ServerPrograms _programs;
    private readonly TestCertificates _certificates;
    private readonly Dictionary<string, int> _ports;
    private readonly Dictionary<string, ServerProcess> _running = [];
    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);

    private ServerLab(DirectoryInfo folder, ServerPrograms programs, TestCertificates certificates, string rootFile)
    {
        _folder = folder;
        _programs = programs;
        _certificates = certificates;
        Trust = new Dictionary<string, string> { ["SSL_CERT_FILE"] = rootFile, ["SSL_CERT_DIR"] = folder.CreateSubdirectory("no-certificates").FullName };
        // Listens, and never answers.
        _silent.Start();
        HashSet<int> free = [];
        while (free.Count < _names.Length)
        {
            free.Add(PortForward.FreePort());
        }

        _ports = _names.Zip(free).ToDictionary(pair => pair.First, pair => pair.Second);
        _ports["silent"] = ((IPEndPoint)_silent.LocalEndpoint).Port;
    }

    /// <summary>The environment in which a program on this host trusts the root of the good certificates, and no other.</summary>
    public IReadOnlyDictionary<string, string> Trust { get; }

    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>Unpacks and starts all of them.</summary>
    public static async Task<ServerLab> StartAsync(Repository repository, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("troupe-clients-");
        try
        {
            // For nobody, too.
            await MustAsync(["chmod", "755", folder.FullName], cancellation).ConfigureAwait(false);
            var programs = await ServerPrograms.UnpackAsync(repository, folder.CreateSubdirectory("programs").FullName, cancellation).ConfigureAwait(false);
            var lab = new ServerLab(folder, programs, TestCertificates.Write(repository, Path.Combine(folder.FullName, "certificates")), TestCertificates.RootFile(repository));
            try
            {
                await lab.StartAllAsync(cancellation).ConfigureAwait(false);
                return lab;
            }
            catch
            {
                lab.Dispose();
                throw;
            }
        }
        catch
        {
            if (Directory.Exists(folder.FullName))
            {
                folder.Delete(recursive: true);
            }

            throw;
        }
    }

    /// <summary>The words of an app's command line that say where the servers are.</summary>
    public string WordsFor(string address) =>
        $"host={address} " + string.Join(' ', _ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"{port.Key}={port.Value}")));

    /// <summary>Ends the servers of a kind and starts them again, with nothing remembered.</summary>
    public async Task RestartAsync(string kind, CancellationToken cancellation)
    {
        foreach (var name in _running.Keys.Where(name => name == kind || name.StartsWith(kind + "-", StringComparison.Ordinal)).ToList())
        {
            _running.Remove(name, out var server);
            server!.Dispose();
        }

        await StartAsync(kind, cancellation).ConfigureAwait(false);
    }

    /// <summary>What the servers of a kind have said.</summary>
    public string Said(string kind) => string.Join('\n', _running.Where(server => server.Key.StartsWith(kind, StringComparison.Ordinal)).Select(server => server.Value.Said));

    public void Dispose()
    {
        foreach (var server in _running.Values)
        {
            server.Dispose();
        }

        _silent.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartAllAsync(CancellationToken cancellation)
    {
        WriteWebSite();
        await InitializePostgresAsync(cancellation).ConfigureAwait(false);
        foreach (var kind in (string[])["http", "postgres", "redis", "nats"])
        {
            await StartAsync(kind, cancellation).ConfigureAwait(false);
        }
    }

    private async Task StartAsync(string kind, CancellationToken cancellation)
    {
        switch (kind)
        {
            case "http":
                await RunAsync("http", "othername", _programs.Nginx, ["-p", Folder("web"), "-e", "stderr", "-c", Folder("web", "nginx.conf")], cancellation).ConfigureAwait(false);
                break;
            case "postgres":
                foreach (var name in (string[])["postgres", "postgres-untrusted"])
                {
                    await RunAsync(name, name, _programs.Postgres, ["-D", Folder(name)], cancellation, IsRoot ? NobodysNumber : null).ConfigureAwait(false);
                }

                break;
            case "redis":
                await RunAsync("redis", "redis", _programs.Redis, RedisArguments(Port("redis"), Port("redis-tls"), "good"), cancellation).ConfigureAwait(false);
                await RunAsync("redis-untrusted", "redis-untrusted", _programs.Redis, RedisArguments("0", Port("redis-untrusted"), "untrusted"), cancellation).ConfigureAwait(false);
                break;
            case "nats":
                string[] common = ["-a", "127.0.0.1", "--user", "tester", "--pass", "secret"];
                await RunAsync("nats", "nats", _programs.Nats, [.. common, "-p", Port("nats"), "-js", "-sd", Folder("nats")], cancellation).ConfigureAwait(false);
                foreach (var (name, certificate) in new[] { ("nats-tls", "good"), ("nats-untrusted", "untrusted") })
                {
                    string[] secure = ["--tls", "--tlscert", _certificates.Certificate(certificate), "--tlskey", _certificates.Key(certificate)];
                    await RunAsync(name, name, _programs.Nats, [.. common, "-p", Port(name), .. secure], cancellation).ConfigureAwait(false);
                }

                break;
        }
    }

    private string[] RedisArguments(string port, string securePort, string certificate) =>
    [
        "--port", port, "--bind", "127.0.0.1", "--requirepass", "secret", "--save", string.Empty, "--appendonly", "no", "--dir", _folder.FullName,
        "--tls-port", securePort, "--tls-cert-file", _certificates.Certificate(certificate), "--tls-key-file", _certificates.Key(certificate),
        "--tls-ca-cert-file", _certificates.Certificate(certificate), "--tls-auth-clients", "no",
    ];

    private async Task RunAsync(string name, string port, string program, IEnumerable<string> arguments, CancellationToken cancellation, int? user = null)
    {
        var server = ServerProcess.Start(program, arguments, user);
        _running[name] = server;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < _patience && !server.HasEnded; await Task.Delay(50, cancellation).ConfigureAwait(false))
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, _ports[port], cancellation).ConfigureAwait(false);
                return;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        throw new UserError($"{name} {(server.HasEnded ? "ended" : "does not listen")}:\n{server.Said}", exitCode: ExitCodes.Broken);
    }

    private void WriteWebSite()
    {
        var web = Directory.CreateDirectory(Folder("web")).FullName;
        Directory.CreateDirectory(Path.Combine(web, "site", "stored"));
        File.WriteAllText(Path.Combine(web, "site", "small"), "hello from nginx\n");
        var large = new byte[32 << 20];
        Net.ByteSequence.Fill(large, 0);
        File.WriteAllBytes(Path.Combine(web, "site", "large"), large);
        string Server(string name, string certificate, string protocols) => $$"""
              server {
                listen 127.0.0.1:{{Port(name)}} ssl http2;
                ssl_certificate {{_certificates.Certificate(certificate)}};
                ssl_certificate_key {{_certificates.Key(certificate)}};
                ssl_protocols {{protocols}};
                location /stored/ { dav_methods PUT DELETE; }
              }
            """;
        File.WriteAllText(Path.Combine(web, "nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid {{Path.Combine(web, "pid")}};
            events { worker_connections 512; }
            http {
              access_log off;
              default_type text/plain;
              client_max_body_size 100m;
              client_body_temp_path {{Path.Combine(web, "body")}};
              proxy_temp_path {{Path.Combine(web, "proxy")}};
              fastcgi_temp_path {{Path.Combine(web, "fastcgi")}};
              uwsgi_temp_path {{Path.Combine(web, "uwsgi")}};
              scgi_temp_path {{Path.Combine(web, "scgi")}};
              root {{Path.Combine(web, "site")}};
              server { listen 127.0.0.1:{{Port("plain")}}; }
            {{Server("tls", "good", "TLSv1.2 TLSv1.3")}}
            {{Server("tls12", "good", "TLSv1.2")}}
            {{Server("tls13", "good", "TLSv1.3")}}
            {{Server("untrusted", "untrusted", "TLSv1.2 TLSv1.3")}}
            {{Server("expired", "expired", "TLSv1.2 TLSv1.3")}}
            {{Server("othername", "othername", "TLSv1.2 TLSv1.3")}}
            }
            """);
    }

    private async Task InitializePostgresAsync(CancellationToken cancellation)
    {
        var password = Path.Combine(_folder.FullName, "password");
        await File.WriteAllTextAsync(password, "secret\n", cancellation).ConfigureAwait(false);
        string[] prefix = IsRoot ? ["setpriv", $"--reuid={NobodysNumber}", $"--regid={NobodysNumber}", "--clear-groups", "--"] : [];
        foreach (var (name, certificate) in new[] { ("postgres", "good"), ("postgres-untrusted", "untrusted") })
        {
            var folder = Directory.CreateDirectory(Folder(name)).FullName;
            var key = Path.Combine(_folder.FullName, name + ".key");
            File.Copy(_certificates.Key(certificate), key);
            // PostgreSQL wants its key to be nobody else's.
            await MustAsync(["chmod", "700", key, folder], cancellation).ConfigureAwait(false);
            if (IsRoot)
            {
                await MustAsync(["chown", $"{NobodysNumber}:{NobodysNumber}", folder, key], cancellation).ConfigureAwait(false);
            }

            await MustAsync(
                [.. prefix, _programs.InitializePostgres, "-D", folder, "-U", "tester", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--no-locale", "--no-sync"],
                cancellation).ConfigureAwait(false);
            await File.AppendAllTextAsync(
                Path.Combine(folder, "postgresql.conf"),
                $"""

                listen_addresses = '127.0.0.1'
                port = {Port(name)}
                unix_socket_directories = ''
                timezone = 'UTC'
                fsync = off
                ssl = on
                ssl_cert_file = '{_certificates.Certificate(certificate)}'
                ssl_key_file = '{key}'

                """,
                cancellation).ConfigureAwait(false);
        }
    }

    private static async Task MustAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(command[0], command.Skip(1), cancellation).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new UserError($"{string.Join(' ', command)}\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Broken);
        }
    }

    private string Port(string name) => _ports[name].ToString(CultureInfo.InvariantCulture);

    private string Folder(params ReadOnlySpan<string> parts) => Path.Combine([_folder.FullName, .. parts]);
}
