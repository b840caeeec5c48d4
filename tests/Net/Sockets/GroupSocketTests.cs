using System.Net.Sockets;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests.Sockets;

/// <summary>Groups through sockets: between two hosts, and heard by the host that sends.</summary>
public sealed class GroupSocketTests
{
    private const int Loop = 11;
    private const int InternetLevel = 0;
    private const int Ipv6Level = 41;
    private const int AddressInUse = 0x10003;
    private const int AddressNotAvailable = 0x10004;

    private static readonly byte[] _four = [239, 1, 2, 3];
    private static readonly byte[] _six = [0xFF, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AMemberOnAnotherHostHearsTheGroupAndAHostThatLeftDoesNot(bool ipv6)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        nint member = Bound(fixture.Second, ipv6);
        nint sender = Bound(fixture.First, ipv6);
        byte[] group = ipv6 ? _six : _four;
        SocketHost.Ok(fixture.Second.Calls.JoinGroup(member, group, [], 0));
        await HeardAsync(fixture, member, sender, ipv6);
        SocketHost.Ok(fixture.Second.Calls.LeaveGroup(member, group, [], 0));
        Assert.Equal(AddressNotAvailable, fixture.Second.Calls.LeaveGroup(member, group, [], 0));
        // The stack lets go of the group in its own time; then nothing comes any more.
        long before;
        do
        {
            before = Dropped(fixture, ipv6);
            Send(fixture, sender, ipv6);
            await Task.Delay(10);
        }
        while (Dropped(fixture, ipv6) == before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AHostHearsItselfUnlessItSaysOtherwise(bool ipv6)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync(ipv6: true);
        nint socket = Bound(fixture.First, ipv6);
        SocketHost.Ok(fixture.First.Calls.JoinGroup(socket, ipv6 ? _six : _four, [], 0));
        Assert.Equal(AddressInUse, fixture.First.Calls.JoinGroup(socket, ipv6 ? _six : _four, [], 2));
        fixture.First.Calls.SetNonBlocking(socket, true);
        Send(fixture, socket, ipv6);
        Assert.Equal([1, 2], fixture.First.Receive(socket));
        SocketHost.Ok(fixture.First.Calls.SetOption(socket, ipv6 ? Ipv6Level : InternetLevel, Loop, BitConverter.GetBytes(0)));
        Send(fixture, socket, ipv6);
        Assert.Equal(SocketHost.Again, fixture.First.Calls.Receive(socket, new byte[4], 0, out _));
    }

    [Fact]
    public async Task AGroupOnTheLoopbackIsNotSentToTheLink()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint socket = Bound(fixture.First, ipv6: false);
        SocketHost.Ok(fixture.First.Calls.JoinGroup(socket, _four, [127, 0, 0, 1], 0));
        SocketHost.Ok(fixture.First.Calls.SetGroupInterface(socket, false, [127, 0, 0, 1], 0));
        long before = fixture.Stacks.First["IPv4"].Sent;
        Send(fixture, socket, ipv6: false);
        Assert.Equal([1, 2], fixture.First.Receive(socket));
        Assert.Equal(before, fixture.Stacks.First["IPv4"].Sent);
    }

    [Fact]
    public async Task ASocketThatClosesLeavesItsGroups()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint first = Bound(fixture.First, ipv6: false);
        nint second = fixture.First.Open(SocketType.Dgram);
        SocketHost.Ok(fixture.First.Bind(second, "0.0.0.0", 701));
        SocketHost.Ok(fixture.First.Calls.JoinGroup(second, _four, [], 0));
        fixture.First.Calls.SetNonBlocking(first, true);
        // Whoever is bound to the port hears what the host listens to.
        Send(fixture, first, ipv6: false);
        Assert.Equal([1, 2], fixture.First.Receive(first));
        SocketHost.Ok(fixture.First.Calls.Close(second));
        Send(fixture, first, ipv6: false);
        Assert.Equal(SocketHost.Again, fixture.First.Calls.Receive(first, new byte[4], 0, out _));
    }

    private static long Dropped(SocketFixture fixture, bool ipv6) => fixture.Stacks.Second[ipv6 ? "IPv6" : "IPv4"].Dropped(DropCause.NotForUs);

    // The join travels from layer to layer: until it is there, what is sent is nobody's.
    private static async Task HeardAsync(SocketFixture fixture, nint member, nint sender, bool ipv6)
    {
        fixture.Second.Calls.SetNonBlocking(member, true);
        do
        {
            Send(fixture, sender, ipv6);
            await Task.Delay(5);
        }
        while (fixture.Second.Calls.Receive(member, new byte[9], 0, out _) == SocketHost.Again);
    }

    private static void Send(SocketFixture fixture, nint sender, bool ipv6) =>
        fixture.First.SendTo(sender, [1, 2], ipv6 ? "ff15::1:203" : "239.1.2.3", 700);

    private static nint Bound(SocketHost host, bool ipv6)
    {
        nint socket = host.Open(SocketType.Dgram, ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        SocketHost.Ok(host.Bind(socket, ipv6 ? "::" : "0.0.0.0", 700));
        return socket;
    }
}
