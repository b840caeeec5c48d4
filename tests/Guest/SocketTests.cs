using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Apps/SocketTest: the class library's sockets on our own stack, beside the same program on Linux's.</summary>
public sealed class SocketTests
{
    private const string Prefix = "case ";
    private const int BodyLength = 100_000;

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task EveryCaseAnswersAsOnLinux(int processors)
    {
        using var guest = Guest.Boot("Apps/SocketTest", options => options with { Processors = processors, CommandLine = "conformance" });
        var linux = CasesOf((await RunHostedAsync("conformance")).Split('\n'));
        await guest.ExitsWithAsync(0, _longest);
        var ours = CasesOf(guest.Lines);
        var known = KnownDifferences();
        var differences = linux.Keys.Union(ours.Keys)
            .Where(name => linux.GetValueOrDefault(name) != ours.GetValueOrDefault(name) && !known.Contains(name))
            .Select(name => $"{name}: Linux '{linux.GetValueOrDefault(name)}', here '{ours.GetValueOrDefault(name)}'");
        Assert.Empty(differences);
        // A difference that is no more leaves the file.
        Assert.All(known, name => Assert.NotEqual(linux.GetValueOrDefault(name), ours.GetValueOrDefault(name)));
        Assert.InRange(ours.Count, 450, int.MaxValue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AClientAndAServerEchoWithinAGuest(int processors)
    {
        using var guest = Guest.Boot("Apps/SocketTest", options => options with { Processors = processors, CommandLine = "echo 1000" });
        await guest.SaysAsync("echo: 1000 rounds", _longest);
        await guest.ExitsWithAsync(0, _longest);
    }

    [Fact]
    public async Task HttpClientGetsPagesFromAServerOnTheHost()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, requests: 2);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        // QEMU's own network: this is the host's loopback address.
        using var guest = Guest.Boot("Apps/SocketTest", options => options with { CommandLine = $"http http://10.0.2.2:{port}/" });
        var sum = Body.Sum(static octet => (long)octet);
        await guest.SaysAsync(string.Create(CultureInfo.InvariantCulture, $"http: 200, {BodyLength} bytes, sum {sum}"), _longest);
        await guest.ExitsWithAsync(0, _longest);
        // Both over one connection.
        await serving;
    }

    [Theory]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 1)]
    public async Task AGuestWithTwoCardsReachesANetworkByEach(GuestMachine machine, int processors)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = EchoLinesAsync(listener, clients: 2);
        // QEMU's own networks: DHCP on the first, an address given by hand on the second; on each, .2 is the host's loopback address.
        using var guest = Guest.Boot("Apps/SocketTest", options => options with
        {
            Machine = machine,
            Processors = processors,
            FurtherNetworks = [GuestNetwork.User],
            CommandLine = $"ip=eth1:10.0.3.77/24 gateway=eth1:10.0.3.2 interfaces 10.0.2.2:{port} 10.0.3.2:{port}",
        });
        await guest.SaysAsync("interface lo Loopback Up 1  127.0.0.1 gateway", _longest);
        await guest.SaysAsync("interface eth0 Ethernet Up 2 525400123456 10.0.2.15 gateway 10.0.2.2");
        await guest.SaysAsync("interface eth1 Ethernet Up 3 525400123457 10.0.3.77 gateway 10.0.3.2");
        await guest.SaysAsync("reached 10.0.2.2 from 10.0.2.15: hello");
        await guest.SaysAsync("reached 10.0.3.2 from 10.0.3.77: hello");
        await guest.SaysAsync("interface eth1 sent something: True");
        await guest.ExitsWithAsync(0, _longest);
        await serving;
    }

    private static async Task EchoLinesAsync(TcpListener listener, int clients)
    {
        for (var client = 0; client < clients; client++)
        {
            using var accepted = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(accepted.GetStream(), Encoding.ASCII);
            await accepted.GetStream().WriteAsync(Encoding.ASCII.GetBytes(await reader.ReadLineAsync() + "\n"));
        }
    }

    private static byte[] Body { get; } = [.. Enumerable.Range(0, BodyLength).Select(static index => (byte)(index * 31))];

    private static async Task ServeAsync(TcpListener listener, int requests)
    {
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        for (var request = 0; request < requests; request++)
        {
            while (!string.IsNullOrEmpty(await reader.ReadLineAsync()))
            {
            }

            var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {BodyLength}\r\n\r\n");
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            await client.GetStream().WriteAsync(Body);
        }
    }

    private static async Task<string> RunHostedAsync(string mode)
    {
        var repository = Repository.Locate();
        var program = await new HostedBuild(repository).EnsureAsync(repository.FindApp("Apps/SocketTest"), CancellationToken.None);
        var result = await HostProcess.CaptureAsync("dotnet", [program, mode], CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    private static Dictionary<string, string> CasesOf(IEnumerable<string> lines) => lines
        .Where(static line => line.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(static line => line[Prefix.Length..].TrimEnd('\r').Split(':', 2))
        .ToDictionary(static parts => parts[0], static parts => parts[1].Trim());

    private static HashSet<string> KnownDifferences() =>
    [
        .. File.ReadLines(Path.Combine(Repository.Locate().Root, "tests", "Guest", "SocketDifferences.txt"))
            .Select(static line => line.Trim())
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => line.Split(" | ", 2)[0].Trim()),
    ];
}
