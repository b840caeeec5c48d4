// RFC 4007 and RFC 8106 5.1: a DNS server's link-local address, on a host with two devices.
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class DnsServerScopeTests
{
    private static readonly Ipv6Configuration _quick = new() { DuplicateAddressProbes = 0, RouterSolicitations = 0 };
    private static readonly NetworkConfiguration _host = Static with
    {
        Ipv6 = _quick,
        FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24)), Ipv6 = _quick }),
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AServerThatARouterNamesIsAskedOnTheRoutersLink(int link) => Run(
        async host =>
        {
            (Ipv6Address address, FakeDnsServer server) = await StartServerAsync(host, link, static asked => asked.Addresses(60, "192.0.2.7"));
            await NameServerAsync(host, link, address);
            Assert.Equal($"{address}%eth{link}", Assert.Single(host.Stack.NameServers.Servers).ToString());
            DnsResult found = await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal((DnsStatus.Found, "192.0.2.7"), (found.Status, Assert.Single(found.Addresses).ToString()));
            Assert.Single(server.Asked);
        },
        _host);

    // RFC 7766: what does not fit is asked for over TCP, there too.
    [Fact]
    public void AServerOfALinkIsAskedOverTcpOnItsLink() => Run(
        async host =>
        {
            (Ipv6Address address, _) = await StartServerAsync(host, 1, static asked => asked.Answer(truncated: true));
            await NameServerAsync(host, 1, address);
            _ = host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4).AsTask();
            await host.AdvanceAsync(1);
            Assert.NotEqual(0, host.Stack["TCP"].Received);
        },
        _host);

    // RFC 5452 9.1, RFC 4007: the same address on another link is somebody else's.
    [Fact]
    public void AnAnswerThatComesByAnotherLinkIsNobodys() => Run(
        async host =>
        {
            (Ipv6Address address, FakeDnsServer server) = await StartServerAsync(host, 1, static _ => null);
            await NameServerAsync(host, 1, address);
            Task<DnsResult> asking = AskAsync();
            await host.AdvanceAsync(0.1);
            DnsAsked asked = Assert.Single(server.Asked);
            byte[] answer = asked.Addresses(60, "203.0.113.66");
            Ipv6Address own = host.Stack.Interfaces[0].Addresses.Ipv6.Single(static one => one.Address.IsLinkLocal).Address.Ipv6;
            byte[] datagram = [.. new byte[UdpHeader.Length], .. answer];
            new UdpHeader(53, asked.Port, answer.Length).Write(datagram, address, own);
            byte[] frame = FrameBench.Ipv6Packet(address, own, (byte)IpProtocol.Udp, datagram);
            await host.Ends[0].SendAsync(EtherType.Ipv6, frame.AsMemory(EthernetHeader.Length));
            Assert.Equal(1, host.Stack["DNS"].Dropped(DropCause.Unacceptable));
            Assert.False(asking.IsCompleted);

            async Task<DnsResult> AskAsync() => await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
        },
        _host);

    [Fact]
    public void TheSameAddressOnTwoLinksIsTwoServers() => Run(
        async host =>
        {
            await host.AdvanceAsync(3);
            for (int link = 0; link < 2; link++)
                await NameServerAsync(host, link, Address("fe80::53").Ipv6);
            Assert.Equal(["fe80::53%eth0", "fe80::53%eth1"], host.Stack.NameServers.Servers.Select(static server => server.ToString()));
        },
        _host);

    [Fact]
    public void AServerOfALinkThatHasNoAddressOfItsKindIsNotAsked() => Run(
        async host =>
        {
            await host.AdvanceAsync(3);
            DnsResult none = await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal(DnsStatus.TryAgain, none.Status);
            Assert.Equal(1, host.Stack["DNS"].Dropped(DropCause.Unroutable));
        },
        _host with
        {
            NameServers = [DnsServer.TryParse("fe80::53%eth1", out DnsServer server) ? server : default],
            FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24)), Ipv6 = null }),
        });

    [Theory]
    [InlineData("fe80::53%eth1", "fe80::53%eth1")]
    [InlineData("fe80::53", "fe80::53")]
    [InlineData("fd00::53", "fd00::53")]
    [InlineData("10.0.2.3", "10.0.2.3")]
    [InlineData("fd00::53%eth1", null)]
    [InlineData("10.0.2.3%eth1", null)]
    [InlineData("fe80::53%eth64", null)]
    [InlineData("fe80::53%", null)]
    [InlineData("fe80::53%1", null)]
    public void AServerIsGivenByHandWithItsLink(string text, string? server)
    {
        bool read = UnikernelOptions.TryParse([$"dns={text}"], out UnikernelOptions? options, out string? error);
        Assert.Equal(server, read ? Assert.Single(options!.NameServers).ToString() : null);
        if (server is null)
            Assert.Contains($"'{text}' is no DNS server's address", error, StringComparison.Ordinal);
    }

    private static async Task<(Ipv6Address Address, FakeDnsServer Server)> StartServerAsync(TwoInterfaces host, int link, Func<DnsAsked, byte[]?> answer)
    {
        NetworkStack peer = await host.StartPeerAsync(link, new() { Static = new(new(V4($"10.{link + 1}.0.1"), 24)), Ipv6 = _quick });
        await host.AdvanceAsync(3);
        FakeDnsServer server = new(peer.Udp, peer.Link, answer);
        await peer.Udp.TellAsync(UdpMessage.Bind(53, server.ReceiverFor(host.Test.System.Spawn(server))));
        return (peer.Addresses.Ipv6.Single(static own => own.Address.IsLinkLocal).Address.Ipv6, server);
    }

    private static async Task NameServerAsync(TwoInterfaces host, int link, Ipv6Address server)
    {
        byte[] option = new byte[24];
        (option[0], option[1], option[7]) = (25, 3, 100);
        server.Write(option.AsSpan(8));
        // Of no prefix and no use as a router: there are only the link-local addresses to ask from.
        byte[] frame = FrameBench.AdvertiseRouter(lifetime: 0, valid: 0, preferred: 0, more: option);
        await host.Ends[link].SendAsync(EtherType.Ipv6, frame.AsMemory(EthernetHeader.Length), new MacAddress(0x3333_0000_0001));
    }
}
