using System.Net;
using System.Net.Sockets;
using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

/// <summary>Datagram sockets, and names.</summary>
public sealed class UdpSocketTests
{
    private const int Truncated = 0x100;

    [Fact]
    public async Task DatagramsKeepTheirBoundariesAndSenders()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint receiver = Bound(fixture.Second, 700);
        nint sender = Bound(fixture.First, 701);
        fixture.First.SendTo(sender, [1, 2, 3], "10.0.0.2", 700);
        fixture.First.SendTo(sender, [4], "10.0.0.2", 700);
        byte[] address = new byte[16];
        byte[] buffer = new byte[9];
        SocketHost.Ok(fixture.Second.Calls.ReceiveMessage(receiver, [buffer], address, out int length, [], out _, 0, out int flags, out long received));
        Assert.Equal((3, 16, 0), (received, length, flags));
        Assert.Equal(SocketHost.Address("10.0.0.1", 701), address);
        Assert.Equal([4], fixture.Second.Receive(receiver));
    }

    [Fact]
    public async Task ADatagramLongerThanTheBufferIsCutAndSaysSo()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint receiver = Bound(fixture.First, 700);
        fixture.First.SendTo(Bound(fixture.First, 701), new byte[50], "127.0.0.1", 700);
        SocketHost.Ok(fixture.First.Calls.ReceiveMessage(receiver, [new byte[20], new byte[10]], new byte[16], out _, [], out _, 0, out int flags, out long received));
        Assert.Equal((30, Truncated), (received, flags));
    }

    [Fact]
    public async Task AConnectedSocketHearsItsPeerAlone()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint receiver = Bound(fixture.First, 700);
        SocketHost.Ok(fixture.First.Connect(receiver, "127.0.0.1", 701));
        fixture.First.SendTo(Bound(fixture.First, 702), new byte[9], "127.0.0.1", 700);
        fixture.First.SendTo(Bound(fixture.First, 701), new byte[2], "127.0.0.1", 700);
        Assert.Equal(2, fixture.First.Receive(receiver).Length);
    }

    [Fact]
    public async Task TheQueueIsBoundedInOctets()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint receiver = Bound(fixture.First, 700);
        SocketHost.Ok(fixture.First.Calls.SetOption(receiver, 0xFFFF, 0x1002, BitConverter.GetBytes(4000)));
        nint sender = Bound(fixture.First, 701);
        nint marker = Bound(fixture.First, 702);
        for (int count = 0; count < 100; count++)
            fixture.First.SendTo(sender, new byte[1000], "127.0.0.1", 700);
        // Datagrams within a host keep their order: when this one has arrived, so have all before it.
        fixture.First.SendTo(sender, [1], "127.0.0.1", 702);
        fixture.First.Receive(marker);
        fixture.First.Calls.SetNonBlocking(receiver, true);
        int arrived = 0;
        while (fixture.First.Calls.Receive(receiver, new byte[2000], 0, out _) == 0)
            arrived++;
        Assert.InRange(arrived, 4, 6);
    }

    [Fact]
    public async Task PortsAreTakenUntilTheSocketCloses()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint first = Bound(fixture.First, 700);
        nint second = fixture.First.Open(SocketType.Dgram);
        Assert.Equal(0x10003, fixture.First.Bind(second, "127.0.0.1", 700));
        fixture.First.Calls.Close(first);
        SocketHost.Ok(fixture.First.Bind(second, "127.0.0.1", 700));
    }

    [Fact]
    public async Task TheDhcpClientsPortIsNotGivenAway()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        Assert.Equal(0x10003, fixture.First.Bind(fixture.First.Open(SocketType.Dgram), "0.0.0.0", 68));
    }

    [Fact]
    public async Task WhatCannotBeSentSaysWhy()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint socket = Bound(fixture.First, 700);
        Assert.Equal(0x10011, fixture.First.Calls.Send(socket, [1], 0, out _));
        Assert.Equal(0x10002, fixture.First.Calls.SendMessage(socket, [new byte[1]], SocketHost.Address("255.255.255.255", 9), 0, out _));
        Assert.Equal(0x10028, fixture.First.Calls.SendMessage(socket, [new byte[1]], SocketHost.Address("192.0.2.1", 9), 0, out _));
        Assert.Equal(0x10023, fixture.First.Calls.SendMessage(socket, [new byte[65_508]], SocketHost.Address("10.0.0.2", 9), 0, out _));
    }

    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("127.0.0.1")]
    public async Task AConnectedSocketHearsThatNobodyHasThePort(string address)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint socket = fixture.First.Open(SocketType.Dgram);
        SocketHost.Ok(fixture.First.Connect(socket, address, 999));
        fixture.First.Send(socket, [1]);
        Assert.Equal(0x1000E, fixture.First.Calls.Receive(socket, new byte[4], 0, out _));
        fixture.First.Calls.SetNonBlocking(socket, true);
        Assert.Equal(SocketHost.Again, fixture.First.Calls.Receive(socket, new byte[4], 0, out _));
    }

    [Fact]
    public async Task AStrangerToAConnectedSocketIsTold()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint connected = Bound(fixture.Second, 700);
        SocketHost.Ok(fixture.Second.Connect(connected, "10.0.0.1", 701));
        nint stranger = fixture.First.Open(SocketType.Dgram);
        SocketHost.Ok(fixture.First.Connect(stranger, "10.0.0.2", 700));
        fixture.First.Send(stranger, [1]);
        Assert.Equal(0x1000E, fixture.First.Calls.Receive(stranger, new byte[4], 0, out _));
    }

    [Theory]
    [InlineData(1473)]
    [InlineData(65_507)]
    public async Task ADatagramLargerThanTheLinkTakesArrivesWhole(int octets)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint receiver = Bound(fixture.Second, 700);
        byte[] sent = [.. Enumerable.Range(0, octets).Select(static index => (byte)(index * 7))];
        fixture.First.SendTo(Bound(fixture.First, 701), sent, "10.0.0.2", 700);
        Assert.Equal(sent, fixture.Second.Receive(receiver, 70_000));
    }

    [Fact]
    public async Task WhoForbidsFragmentsIsToldThatADatagramIsTooLong()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint socket = Bound(fixture.First, 700);
        SocketHost.Ok(fixture.First.Calls.SetOption(socket, 0, 14, BitConverter.GetBytes(1)));
        Assert.Equal(0x10023, fixture.First.Calls.SendMessage(socket, [new byte[1473]], SocketHost.Address("10.0.0.2", 9), 0, out _));
    }

    [Fact]
    public async Task LocalhostAndNumbersAreAnsweredAndOtherNamesAreAsked()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        List<IPAddress> found = [];
        Assert.Equal(HostResolution.Found, fixture.First.Calls.Resolve("localhost", 0, found));
        Assert.Equal(HostResolution.Found, fixture.First.Calls.Resolve("192.0.2.1", 2, found));
        Assert.Equal([IPAddress.IPv6Loopback, IPAddress.Loopback, IPAddress.Parse("192.0.2.1")], found);
        Assert.Equal(HostResolution.NotFound, fixture.First.Calls.Resolve("name.invalid", 0, []));
        Assert.Equal(HostResolution.NotFound, fixture.First.Calls.Resolve("192.0.2.1", 23, []));
    }

    private static nint Bound(SocketHost host, int port)
    {
        nint socket = host.Open(SocketType.Dgram);
        SocketHost.Ok(host.Bind(socket, "0.0.0.0", port));
        return socket;
    }
}
