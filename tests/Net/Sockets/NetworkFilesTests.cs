// What System.Net.NetworkInformation reads; its own parsers are asked where a test can reach them, in Apps/SocketTest.
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

public sealed class NetworkFilesTests
{
    [Fact]
    public async Task TheInterfacesCountersAreTheStacks()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        fixture.First.Send(client, new byte[5000]);
        int read = 0;
        while (read < 5000)
            read += fixture.Second.Receive(server, 5000).Length;
        long[] sent = Interface(fixture.First, "eth0"), received = Interface(fixture.Second, "eth0");
        LayerCounters ethernet = fixture.Stacks.First["Ethernet"];
        Assert.InRange(sent[8], 5000, 7000);
        Assert.InRange(received[0], 5000, 7000);
        Assert.InRange(sent[9], 5, ethernet.Sent);
        Assert.Equal(0, Interface(fixture.First, "lo")[8]);
    }

    [Fact]
    public async Task WhatGoesRoundWithinTheHostCountsAtTheLoopback()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        long before = Interface(fixture.First, "eth0")[8];
        nint receiver = fixture.First.Open(SocketType.Dgram);
        SocketHost.Ok(fixture.First.Bind(receiver, "127.0.0.1", 0));
        nint sender = fixture.First.Open(SocketType.Dgram);
        fixture.First.SendTo(sender, new byte[100], "127.0.0.1", fixture.First.PortOf(receiver));
        Assert.Equal(100, fixture.First.Receive(receiver, 200).Length);
        long[] loopback = Interface(fixture.First, "lo");
        // With the headers of IP and UDP.
        Assert.Equal((128, 1, 128, 1), (loopback[0], loopback[1], loopback[8], loopback[9]));
        Assert.InRange(Interface(fixture.First, "eth0")[8] - before, 0, 1000);
    }

    [Fact]
    public async Task ConnectionsAndListenersAreListedAsLinuxDoes()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen(port: 8080);
        nint client = fixture.First.Open();
        SocketHost.Ok(fixture.First.Connect(client, "10.0.0.2", 8080));
        fixture.Second.Accept(listener);
        string[][] server = Lines(fixture.Second, "/proc/net/tcp");
        Assert.Contains(server, static line => (line[1], line[3]) == ("00000000:1F90", "0A"));
        Assert.Contains(server, static line => line[1] == "0200000A:1F90" && line[2].StartsWith("0100000A:", StringComparison.Ordinal) && line[3] == "01");
        Assert.Empty(Lines(fixture.Second, "/proc/net/tcp6"));
        Assert.Contains("TCP: inuse 2 ", Text(fixture.Second, "/proc/net/sockstat"), StringComparison.Ordinal);
        Assert.Contains("Tcp: 1 200 60000 65536 0 0 0 0 1 ", Text(fixture.Second, "/proc/net/snmp"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressesOfIpv6StandInWordsOfFourOctets()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        nint socket = fixture.First.Open(SocketType.Dgram, AddressFamily.InterNetworkV6);
        SocketHost.Ok(fixture.First.Bind(socket, "2001:db8::1", 4660));
        Assert.Equal("B80D0120000000000000000001000000:1234", Assert.Single(Lines(fixture.First, "/proc/net/udp6"))[1]);
        Assert.Empty(Lines(fixture.First, "/proc/net/udp"));
        string[] routes = Text(fixture.First, "/proc/net/ipv6_route").Split('\n');
        Assert.Contains(routes, static line => line.StartsWith("20010db8000000000000000000000000 40 ", StringComparison.Ordinal) && line.EndsWith(" eth0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RoutesAndServersAreThoseOfTheConfiguration()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketNetwork network = fixture.First.Network;
        network.Internet.First.Addresses.Configure(new(new(Wire.Ipv4Address.From(10, 0, 2, 15), 24), Wire.Ipv4Address.From(10, 0, 2, 2)));
        network.NameServers.SetDhcp([Wire.Ipv4Address.From(10, 0, 2, 3)], ["lab.example", "example.org"]);
        NetworkFiles files = new(network, fixture.First.Calls);
        string[] routes = Encoding.ASCII.GetString(files.Read("/proc/net/route")!).Split('\n');
        Assert.StartsWith("eth0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t", routes[1], StringComparison.Ordinal);
        Assert.StartsWith("eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t", routes[2], StringComparison.Ordinal);
        Assert.Equal("search lab.example example.org\nnameserver 10.0.2.3\n", Encoding.ASCII.GetString(files.Read("/etc/resolv.conf")!));
    }

    [Fact]
    public async Task OtherFilesAreNotThere()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        NetworkFiles files = fixture.First.Calls.Files;
        Assert.True(files.Contains("/proc/net/dev"));
        Assert.False(files.Contains("/proc/net/arp"));
        Assert.Null(files.Read("/proc/net/arp"));
    }

    // In each statement a line of names and a line of as many numbers.
    [Fact]
    public async Task StatisticsHaveANumberForEachName()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        string[] lines = Text(fixture.First, "/proc/net/snmp").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int line = 0; line < lines.Length; line += 2)
        {
            string[] names = lines[line].Split(' '), numbers = lines[line + 1].Split(' ');
            Assert.Equal((names[0], names.Length), (numbers[0], numbers.Length));
            Assert.All(numbers[1..], static number => Assert.True(long.Parse(number, CultureInfo.InvariantCulture) >= 0));
        }
    }

    private static string Text(SocketHost host, string path) => Encoding.ASCII.GetString(host.Calls.Files.Read(path)!);

    // Without the line of names.
    private static string[][] Lines(SocketHost host, string path) =>
        [.. Text(host, path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static long[] Interface(SocketHost host, string name)
    {
        string line = Text(host, "/proc/net/dev").Split('\n').Single(line => line.TrimStart().StartsWith(name + ":", StringComparison.Ordinal));
        return [.. line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static number => long.Parse(number, CultureInfo.InvariantCulture))];
    }
}
