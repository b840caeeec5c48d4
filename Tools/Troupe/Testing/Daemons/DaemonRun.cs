using Troupe.Tools.Commands;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Attacks;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Daemons;

/// <summary><c>troupe test daemons</c>: a guest beside Debian's DHCP, router and DNS servers.</summary>
internal sealed class DaemonRun : IDisposable
{
    private readonly List<(string Name, bool Passed, string Detail)> _results = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("troupe-daemons-");
    private readonly Image _image;
    private readonly NetworkTestOptions _options;

    public DaemonRun(Image image, NetworkTestOptions options)
    {
        _image = image;
        _options = options;
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        (string Name, Func<DaemonRun, CancellationToken, Task> RunAsync)[] scenarios =
        [
            ("dnsmasq", DhcpScenarios.DnsmasqAsync), ("isc-dhcp-server", DhcpScenarios.IscAsync), ("radvd", RouterScenario.RunAsync), ("dhcpv6", StatelessScenario.RunAsync),
            ("dns", DnsScenarios.HonestAsync), ("bad-dns", DnsScenarios.BadAsync),
        ];
        var wanted = scenarios.Where(scenario => _options.Only is null || scenario.Name.Contains(_options.Only, StringComparison.Ordinal)).ToList();
        if (wanted.Count == 0)
        {
            throw new UserError($"no test is called '{_options.Only}'.", $"There are {string.Join(", ", scenarios.Select(scenario => scenario.Name))}.");
        }

        await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation).ConfigureAwait(false);
        foreach (var (name, runAsync) in wanted)
        {
            Output.Say($"daemons: {name}");
            var before = _results.Count;
            try
            {
                await runAsync(this, cancellation).ConfigureAwait(false);
            }
            catch (UserError error)
            {
                Report($"{name}: runs to its end", false, error.Message);
            }

            if (_results.Count == before)
            {
                Report($"{name}: tests something", false, "nothing was tested");
            }
        }

        foreach (var (name, _, detail) in _results.Where(result => !result.Passed))
        {
            Console.WriteLine($"FAILED {name}: {detail}");
        }

        var failed = _results.Count(result => !result.Passed);
        Console.WriteLine($"{_results.Count - failed} passed, {failed} failed");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>Boots a guest.</summary>
    public WatchedGuest Boot(string commandLine) => new(_image, _options.Processors.Count > 0 ? _options.Processors[^1] : 2, commandLine);

    /// <summary>One thing that was looked at.</summary>
    public void Report(string name, bool passed, string detail)
    {
        Output.Say($"daemons: {(passed ? "passed" : "FAILED")}: {name} ({detail})");
        _results.Add((name, passed, detail));
    }

    /// <summary>A file in the folder of this run.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content.ReplaceLineEndings("\n"));
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
