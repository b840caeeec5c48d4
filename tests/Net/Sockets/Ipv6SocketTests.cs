using System.Net;
using System.Net.Sockets;
using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

/// <summary>Sockets of IPv6: addresses, scopes, and both versions through one.</summary>
public sealed class Ipv6SocketTests
{
    private const int InvalidArgument = 0x1001C;
    private const int AddressNotAvailable = 0x10004;
    private const int AddressInUse = 0x10003;
    private const int Refused = 0x1000E;
    private const int Unreachable = 0x10028;
    private const int NoSuchDevice = 0x1002C;
    private const int Ipv6Level = 41;
    private const int Ipv6Only = 27;

    [Theory]
    [InlineData("2001:db8::2")]
    [InlineData("::ffff:10.0.0.2")]
    public async Task OctetsTravelBetweenHostsThroughADualListener(string address)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        nint listener = Listen(fixture.Second, "::");
        nint client = fixture.First.Open(family: AddressFamily.InterNetworkV6);
        SocketHost.Ok(fixture.First.Connect(client, address, fixture.Second.PortOf(listener)));
        nint server = fixture.Second.Accept(listener);
        fixture.First.Send(client, [1, 2, 3]);
        Assert.Equal([1, 2, 3], fixture.Second.Receive(server));
        Assert.Equal(IPAddress.Parse(address), fixture.Second.LocalOf(server).Address);
        Assert.Equal(fixture.First.LocalOf(client), fixture.Second.RemoteOf(server));
    }

    [Fact]
    public async Task ALinkLocalAddressIsReachedByItsScope()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        IPAddress peer = fixture.Stacks.Second.Addresses.Ipv6.Single(static own => own.Address.IsLinkLocal).Address.ToIPAddress();
        nint listener = Listen(fixture.Second, "::");
        nint client = fixture.First.Open(family: AddressFamily.InterNetworkV6);
        Assert.Equal(InvalidArgument, fixture.First.Connect(client, peer.ToString(), 80));
        SocketHost.Ok(fixture.First.Connect(client, $"{peer}%2", fixture.Second.PortOf(listener)));
        nint server = fixture.Second.Accept(listener);
        Assert.Equal(2, fixture.First.RemoteOf(client).Address.ScopeId);
        Assert.Equal(2, fixture.Second.RemoteOf(server).Address.ScopeId);
        fixture.Second.Send(server, [7]);
        Assert.Equal([7], fixture.First.Receive(client));
    }

    [Fact]
    public async Task WhatIsNoAddressOfThisHostIsNotBound()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        string own = fixture.Stacks.First.Addresses.Ipv6.Single(static address => address.Address.IsLinkLocal).Address.ToString();
        Assert.Equal(0, Bind("2001:db8::1"));
        Assert.Equal(0, Bind("::1"));
        Assert.Equal(0, Bind("::ffff:10.0.0.1"));
        Assert.Equal(0, Bind($"{own}%2"));
        Assert.Equal(InvalidArgument, Bind(own));
        Assert.Equal(NoSuchDevice, Bind($"{own}%9"));
        Assert.Equal(AddressNotAvailable, Bind("2001:db8::2"));
        Assert.Equal(AddressNotAvailable, Bind("::ffff:10.0.0.2"));
        Assert.Equal(InvalidArgument, Bind("ff0e::1"));

        int Bind(string address) => fixture.First.Bind(fixture.First.Open(family: AddressFamily.InterNetworkV6), address, 0);
    }

    [Fact]
    public async Task EachVersionListensOnAPortUnlessOneIsForBoth()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        SocketHost host = fixture.First;
        nint six = Listen(host, "::", only: true);
        nint four = host.Listen("0.0.0.0", host.PortOf(six));
        nint client = host.Open();
        SocketHost.Ok(host.Connect(client, "127.0.0.1", host.PortOf(six)));
        Assert.Equal(1, host.Poll(four, 1));
        Assert.Equal(0, host.Poll(six, 1, milliseconds: 0));

        nint both = Listen(host, "::");
        Assert.Equal(AddressInUse, host.Bind(host.Open(), "127.0.0.1", host.PortOf(both)));
    }

    [Fact]
    public async Task ListenersOnTwoAddressesShareAPort()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        SocketHost host = fixture.First;
        nint first = host.Listen("127.0.0.1");
        nint second = host.Listen("10.0.0.1", host.PortOf(first));
        nint client = host.Open();
        SocketHost.Ok(host.Connect(client, "10.0.0.1", host.PortOf(first)));
        Assert.Equal(1, host.Poll(second, 1));
        Assert.Equal(0, host.Poll(first, 1, milliseconds: 0));
        SocketHost.Ok(host.Calls.Close(second));
        Assert.Equal(Refused, host.Connect(host.Open(), "10.0.0.1", host.PortOf(first)));
    }

    [Fact]
    public async Task WithoutARouterNothingBeyondTheLinkIsReached()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        // Link-local addresses at most, and the time to wait for others is over.
        SocketNetwork network = fixture.First.Network with { ConfigurationTimeout = TimeSpan.Zero };
        SocketHost host = new(network);
        nint client = host.Open(family: AddressFamily.InterNetworkV6);
        Assert.Equal(Unreachable, host.Connect(client, "2001:db8:9::1", 80));
    }

    [Fact]
    public async Task DatagramsTravelAndTellTheirSenders()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        nint receiver = Datagrams(fixture.Second, "::", 700);
        nint sender = Datagrams(fixture.First, "::", 701);
        byte[] large = [.. Enumerable.Range(0, 20_000).Select(static index => (byte)index)];
        fixture.First.SendTo(sender, [1, 2, 3], "2001:db8::2", 700);
        fixture.First.SendTo(sender, large, "2001:db8::2", 700);
        byte[] address = new byte[28];
        byte[] control = new byte[32];
        SocketHost.Ok(fixture.Second.Calls.SetOption(receiver, Ipv6Level, 19, BitConverter.GetBytes(1)));
        SocketHost.Ok(fixture.Second.Calls.ReceiveMessage(receiver, [new byte[9]], address, out int length, control, out int controlLength, 0, out _, out long received));
        Assert.Equal((3, 28, 20), (received, length, controlLength));
        Assert.Equal(SocketHost.Address("2001:db8::1", 701), address);
        Assert.Equal(IPAddress.Parse("2001:db8::2").GetAddressBytes(), control[..16]);
        Assert.Equal(2, BitConverter.ToInt32(control, 16));
        Assert.Equal(large, fixture.Second.Receive(receiver, 30_000));
    }

    [Fact]
    public async Task InterfacesHaveTheAddressesOfBothVersions()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        IReadOnlyList<SocketInterface> interfaces = fixture.First.Calls.GetInterfaces();
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], interfaces[0].Addresses.Select(static entry => entry.Address));
        SocketInterfaceAddress[] addresses = [.. interfaces[1].Addresses];
        Assert.Contains(addresses, static entry => entry.Address.Equals(IPAddress.Parse("2001:db8::1")) && entry.PrefixLength == 64);
        Assert.Contains(addresses, static entry => entry.Address is { IsIPv6LinkLocal: true, ScopeId: 2 });
    }

    [Fact]
    public async Task LocalhostIsBothVersionsAndAnOwnAddressHasTheHostsName()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        List<IPAddress> found = [];
        Assert.Equal(HostResolution.Found, fixture.First.Calls.Resolve("localhost", 0, found));
        Assert.Equal([IPAddress.IPv6Loopback, IPAddress.Loopback], found);
        Assert.Equal("localhost", fixture.First.Calls.NameOf(IPAddress.IPv6Loopback));
        Assert.Equal(fixture.First.Calls.HostName, fixture.First.Calls.NameOf(IPAddress.Parse("2001:db8::1")));
        Assert.Null(fixture.First.Calls.NameOf(IPAddress.Parse("2001:db8::2")));
    }

    private static nint Listen(SocketHost host, string address, bool only = false)
    {
        nint listener = host.Open(family: AddressFamily.InterNetworkV6);
        SocketHost.Ok(host.Calls.SetOption(listener, Ipv6Level, Ipv6Only, BitConverter.GetBytes(only ? 1 : 0)));
        SocketHost.Ok(host.Bind(listener, address, 0));
        SocketHost.Ok(host.Calls.Listen(listener, 10));
        return listener;
    }

    private static nint Datagrams(SocketHost host, string address, int port)
    {
        nint socket = host.Open(SocketType.Dgram, AddressFamily.InterNetworkV6);
        SocketHost.Ok(host.Bind(socket, address, port));
        return socket;
    }
}
