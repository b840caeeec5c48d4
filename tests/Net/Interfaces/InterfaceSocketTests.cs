// man 7 ip, man 7 ipv6, RFC 3493: sockets on a host with two devices.
using System.Net.Sockets;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;
using Troupe.Net.Tests.Sockets;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class InterfaceSocketTests
{
    [Fact]
    public void TheInterfacesAreListedWithWhatEachHas() => Run(
        async host =>
        {
            host.Links[1].SetCarrier(false);
            await host.Test.WhenIdle();
            IReadOnlyList<SocketInterface> listed = Sockets(host).Calls.GetInterfaces();
            Assert.Equal([("lo", 1, true), ("eth0", 2, true), ("eth1", 3, false)], listed.Select(static one => (one.Name, one.Index, one.IsUp)));
            Assert.Equal(["10.2.0.2"], listed[2].Addresses.Select(static own => own.Address.ToString()));
            Assert.Equal(1400, listed[2].MaximumTransmissionUnit);
            Assert.NotEqual(listed[1].HardwareAddress, listed[2].HardwareAddress);
        },
        secondMtu: 1400);

    [Fact]
    public void RoutesAndCountersAreWrittenAnInterfaceALine() => Run(
        async host =>
        {
            await host.SendDatagramAsync("192.0.2.1");
            await host.Ends[1].AnswerArpAsync(V4("10.2.0.1"));
            NetworkFiles files = Sockets(host).Calls.Files;
            string routes = System.Text.Encoding.ASCII.GetString(files.Read("/proc/net/route")!);
            Assert.Contains("eth0\t0000010A\t00000000\t0001", routes, StringComparison.Ordinal);
            Assert.Contains("eth1\t00000000\t0100020A\t0003", routes, StringComparison.Ordinal);
            string[] counters = System.Text.Encoding.ASCII.GetString(files.Read("/proc/net/dev")!).Split('\n');
            LayerCounters second = host.Stack.Interfaces[1].Counters[0];
            Assert.Contains(counters, line => line.StartsWith($"  eth1: {second.ReceivedOctets} {second.Received} ", StringComparison.Ordinal));
            Assert.True(files.Contains("/proc/sys/net/ipv4/conf/eth1/forwarding"));
            Assert.True(files.Contains("/sys/class/net/eth1/tx_queue_len"));
        },
        Static with { FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24), V4("10.2.0.1")), Ipv6 = null }) });

    [Fact]
    public void AGroupIsJoinedOnTheInterfaceThatIsNamedByNumberOrByAddress() => Run(async host =>
    {
        SocketHost sockets = Sockets(host);
        nint socket = sockets.Open(SocketType.Dgram);
        host.ClearFrames();
        SocketHost.Ok(sockets.Calls.JoinGroup(socket, [239, 1, 2, 3], [], 3));
        await host.Test.WhenIdle();
        Assert.Contains(host.Ends[1].Packets, static packet => packet[9] == (byte)IpProtocol.Igmp);
        Assert.DoesNotContain(host.Ends[0].Packets, static packet => packet[9] == (byte)IpProtocol.Igmp);
        host.ClearFrames();
        SocketHost.Ok(sockets.Calls.JoinGroup(socket, [239, 1, 2, 4], [10, 1, 0, 2], 0));
        await host.Test.WhenIdle();
        Assert.Contains(host.Ends[0].Packets, static packet => packet[9] == (byte)IpProtocol.Igmp);
        Assert.NotEqual(0, sockets.Calls.JoinGroup(socket, [239, 1, 2, 5], [], 9));
    });

    [Fact]
    public void DatagramsToAGroupLeaveByTheInterfaceThatIsChosen() => Run(async host =>
    {
        SocketHost sockets = Sockets(host);
        nint socket = sockets.Open(SocketType.Dgram);
        SocketHost.Ok(sockets.Calls.SetGroupInterface(socket, ipv6: false, [10, 2, 0, 2], 0));
        sockets.SendTo(socket, [1, 2, 3], "239.1.2.3", 6000);
        await host.Test.WhenIdle();
        byte[] packet = Assert.Single(host.Ends[1].Packets, static packet => packet[9] == (byte)IpProtocol.Udp);
        Assert.Equal(V4("10.2.0.2"), Ipv4Address.Read(packet.AsSpan(12)));
        Assert.DoesNotContain(host.Ends[0].Packets, static packet => packet[9] == (byte)IpProtocol.Udp);
    });

    [Fact]
    public void ASocketThatIsBoundToAnAddressSendsByItsInterfaceOrNotAtAll() => Run(async host =>
    {
        SocketHost sockets = Sockets(host);
        nint socket = sockets.Open(SocketType.Dgram);
        SocketHost.Ok(sockets.Bind(socket, "10.2.0.2", 0));
        // Only the other interface leads there: a strong host does not send from an address that is not of the link.
        Assert.NotEqual(0, sockets.Calls.SendMessage(socket, [new byte[] { 1 }], SocketHost.Address("10.1.0.77", 6000), 0, out _));
        sockets.SendTo(socket, [1], "10.2.0.77", 6000);
        await host.Test.WhenIdle();
        await host.Ends[1].AnswerArpAsync(V4("10.2.0.77"));
        Assert.Single(host.Ends[1].Packets, static packet => packet[9] == (byte)IpProtocol.Udp);
    });

    // man 7 ip: EMSGSIZE, by the link that it would leave by.
    [Fact]
    public void WhatMayNotBeCutFitsTheLinkItLeavesBy() => Run(
        host =>
        {
            SocketHost sockets = Sockets(host);
            nint socket = sockets.Open(SocketType.Dgram);
            SocketHost.Ok(sockets.Calls.SetOption(socket, 0, 14, BitConverter.GetBytes(1)));
            SocketHost.Ok(sockets.Calls.SendMessage(socket, [new byte[1400]], SocketHost.Address("10.1.0.77", 6000), 0, out _));
            Assert.Equal(0x10023, sockets.Calls.SendMessage(socket, [new byte[1400]], SocketHost.Address("10.2.0.77", 6000), 0, out _));
            return Task.CompletedTask;
        },
        secondMtu: 1280);

    [Fact]
    public void ALinkLocalAddressIsReachedByTheLinkInItsScope() => Run(
        async host =>
        {
            await host.AdvanceAsync(10);
            host.ClearFrames();
            SocketHost sockets = Sockets(host);
            nint socket = sockets.Open(SocketType.Dgram, AddressFamily.InterNetworkV6);
            sockets.SendTo(socket, [1], "fe80::77%3", 6000);
            await host.Test.WhenIdle();
            Assert.Contains(host.Ends[1].Frames, static frame => frame[12] == 0x86 && frame[13] == 0xDD);
            Assert.Empty(host.Ends[0].Frames);
            Assert.NotEqual(0, sockets.Calls.SendMessage(socket, [new byte[] { 1 }], SocketHost.Address("fe80::77%9", 6000), 0, out _));
        },
        Static with { Ipv6 = new() { RouterSolicitations = 0 }, FurtherInterfaces = Second(new() { Ipv6 = new() { RouterSolicitations = 0 } }) });

    private static SocketHost Sockets(TwoInterfaces host) => new(host.Test.System, host.Stack);
}
