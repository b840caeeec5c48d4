using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>
/// Debian's servers, unpacked and not installed: an installed one would be started by Debian, now or with the next boot. The packages are kept in
/// <c>.troupe/servers</c>; what is in them lies in a folder that is gone with the run.
/// </summary>
internal sealed class ServerPrograms
{
    private static readonly string[] _packages = ["postgresql-15", "redis-server", "redis-tools", "nats-server", "nginx"];

    private readonly string _root;

    private ServerPrograms(string root) => _root = root;

    /// <summary>The libraries that they stand on; nothing of these runs by itself.</summary>
    public static IReadOnlyList<SystemPackage> Libraries { get; } =
    [
        Library("libicu72", "libicui18n.so.72", "PostgreSQL"),
        Library("libldap-2.5-0", "libldap-2.5.so.0", "PostgreSQL"),
        Library("libgssapi-krb5-2", "libgssapi_krb5.so.2", "PostgreSQL"),
        Library("libxml2", "libxml2.so.2", "PostgreSQL"),
        Library("liblz4-1", "liblz4.so.1", "PostgreSQL"),
        Library("libpq5", "libpq.so.5", "PostgreSQL"),
        Library("libjemalloc2", "libjemalloc.so.2", "Redis"),
        Library("liblzf1", "liblzf.so.1", "Redis"),
        Library("libatomic1", "libatomic.so.1", "Redis"),
        Library("libpcre2-8-0", "libpcre2-8.so.0", "nginx"),
        Library("libssl3", "libssl.so.3", "all of them"),
    ];

    public string Postgres => Program("lib/postgresql/15/bin/postgres");

    public string InitializePostgres => Program("lib/postgresql/15/bin/initdb");

    public string Redis => Program("bin/redis-server");

    public string Nats => Program("sbin/nats-server");

    public string Nginx => Program("sbin/nginx");

    /// <summary>Downloads the packages unless they are there, and unpacks them.</summary>
    public static async Task<ServerPrograms> UnpackAsync(Repository repository, string folder, CancellationToken cancellation)
    {
        var kept = Directory.CreateDirectory(Path.Combine(repository.Root, ".troupe", "servers")).FullName;
        string[] Missing() => [.. _packages.Where(name => Directory.GetFiles(kept, name + "_*.deb").Length == 0)];
        if (Missing() is { Length: > 0 } missing)
        {
            var names = string.Join(' ', missing);
            var result = await Output.StepAsync($"downloading {names} with apt-get (unpacked for this test, not installed)", async () =>
            {
                var first = await HostProcess.CaptureAsync("apt-get", ["-q", "download", .. missing], cancellation, kept).ConfigureAwait(false);
                if (first.ExitCode == 0)
                {
                    return first;
                }

                // No package lists yet, or old ones that name files which are gone.
                await HostProcess.CaptureAsync("apt-get", ["-q", "update"], cancellation).ConfigureAwait(false);
                return await HostProcess.CaptureAsync("apt-get", ["-q", "download", .. missing], cancellation, kept).ConfigureAwait(false);
            }).ConfigureAwait(false);
            if (result.ExitCode != 0 || Missing().Length > 0)
            {
                throw new UserError($"apt-get could not download {names}:\n{result.Output.TrimEnd()}", "These are packages of Debian 12; updating the package lists needs root.", ExitCodes.Broken);
            }
        }

        foreach (var package in _packages)
        {
            var result = await HostProcess.CaptureAsync("dpkg-deb", ["-x", Directory.GetFiles(kept, package + "_*.deb").Order().Last(), folder], cancellation).ConfigureAwait(false);
            if (result.ExitCode != 0)
            {
                throw new UserError($"{package} cannot be unpacked:\n{result.Output.TrimEnd()}", $"Remove {kept} and try again.", ExitCodes.Broken);
            }
        }

        return new ServerPrograms(folder);
    }

    private static SystemPackage Library(string package, string file, string user) => new(package, "/usr/lib/x86_64-linux-gnu/" + file, $"a library of {user}");

    private string Program(string path) => Path.Combine(_root, "usr", path);
}
