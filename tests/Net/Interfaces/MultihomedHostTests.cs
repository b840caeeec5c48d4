// RFC 1122 3.3.4: a host on two links, with all its layers.
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class MultihomedHostTests
{
    [Fact]
    public void EachInterfaceReachesItsOwnPeerByTcp() => Run(async host =>
    {
        NetworkStack first = await host.StartPeerAsync(0, new() { Static = new(new(V4("10.1.0.1"), 24)), Ipv6 = null });
        NetworkStack second = await host.StartPeerAsync(1, new() { Static = new(new(V4("10.2.0.1"), 24)), Ipv6 = null });
        byte[] octets = new byte[200_000];
        new Random(5).NextBytes(octets);
        await Task.WhenAll(host.ExchangeAsync(first, new(V4("10.1.0.1"), 80), octets), host.ExchangeAsync(second, new(V4("10.2.0.1"), 80), octets));
        Assert.All(host.Stack.Interfaces, static one => Assert.InRange(one.Counters.First(layer => layer.Layer == "Ethernet").SentOctets, 200_000, 400_000));
        Assert.All([first, second], static peer => Assert.Equal(0, peer["IPv4"].Dropped(DropCause.NotForUs)));
    });

    [Fact]
    public void EachInterfaceReachesItsOwnPeerByIpv6() => Run(
        async host =>
        {
            Ipv6Configuration quick = new() { DuplicateAddressProbes = 0, RouterSolicitations = 0 };
            NetworkStack second = await host.StartPeerAsync(1, new()
            {
                Static = new(new(V4("10.2.0.1"), 24)),
                Ipv6 = quick with { Addresses = [new(Address("2001:db8:2::1").Ipv6, 64)] },
            });
            await host.AdvanceAsync(3);
            await host.ExchangeAsync(second, new(Address("2001:db8:2::1"), 80), new byte[10_000]);
            // A link-local address means nothing without its link.
            IpAddress linkLocal = second.Addresses.Ipv6.First(static own => own.Address.IsLinkLocal).Address;
            await host.ExchangeAsync(second, new(linkLocal, 81, Scope: 3), new byte[10_000]);
        },
        new()
        {
            Static = new(new(V4("10.1.0.2"), 24)),
            FurtherInterfaces = Second(new() { Ipv6 = new() { Addresses = [new(Address("2001:db8:2::2").Ipv6, 64)] }, Static = new(new(V4("10.2.0.2"), 24)) }),
        });

    [Fact]
    public void APeerBehindAGatewayIsReachedThroughTheInterfaceThatHasTheGateway() => Run(
        async host =>
        {
            await host.SendDatagramAsync("192.0.2.1");
            await host.Ends[1].AnswerArpAsync(V4("10.2.0.1"));
            byte[] packet = Assert.Single(host.Ends[1].Packets, IsDatagram);
            Ipv4View.TryParse(packet, packet.Length, out Ipv4View view);
            Assert.Equal((V4("10.2.0.2"), V4("192.0.2.1")), (view.Source, view.Destination));
            Assert.DoesNotContain(host.Ends[0].Packets, IsDatagram);
        },
        Static with { FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24), V4("10.2.0.1")), Ipv6 = null }) });

    [Fact]
    public void AConnectionKeepsToItsInterfaceWhenRoutesChangeAndWhenItsCardIsGone() => Run(
        async host =>
        {
            NetworkStack peer = await host.StartPeerAsync(0, new() { Static = new(new(V4("10.1.0.1"), 24)), Ipv6 = null });
            TcpListener listener = (await peer.ListenAsync(80, InTurns))!;
            ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
            TcpConnection client = await host.Stack.ConnectAsync(new(V4("10.1.0.1"), 80), InTurns);
            TcpConnection server = (await accepting)!;
            Assert.Equal(V4("10.1.0.2"), client.Key.Local.Address.Ipv4);

            // Now the other interface leads there by a longer prefix.
            await host.Stack.Interfaces[1].ConfigureAsync(new(new(V4("10.2.0.2"), 24)) { Routes = [new(new(V4("10.1.0.1"), 32), V4("10.2.0.1"))] });
            Assert.Equal("eth1", host.Stack.Internet.Of(default, Address("10.1.0.1")).Name);
            Task<byte[]> arriving = TwoStacks.ReadAllAsync(server.Input);
            await client.Output.WriteAsync(new byte[5000]);
            await host.AdvanceAsync(1);
            host.Links[0].SetCarrier(false);
            await client.Output.WriteAsync(new byte[5000]);
            client.Output.Complete();
            await host.AdvanceAsync(5);
            Assert.False(arriving.IsCompleted);
            Assert.DoesNotContain(host.Ends[1].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);

            host.Links[0].SetCarrier(true);
            Assert.Equal(10_000, (await arriving).Length);
            server.Output.Complete();
            await TwoStacks.ReadAllAsync(client.Input);
            client.Input.Complete();
            await server.DisposeAsync();
            await listener.DisposeAsync();
        });

    [Fact]
    public void OneInterfaceAsksDhcpWhileTheOtherIsStatic() => Run(
        async host =>
        {
            await host.Ends[0].AnswerDhcpAsync(DhcpMessageType.Offer, V4("10.1.0.50"), V4("10.1.0.1"));
            await host.Ends[0].AnswerDhcpAsync(DhcpMessageType.Acknowledge, V4("10.1.0.50"), V4("10.1.0.1"));
            Assert.Equal(["10.1.0.50", "10.2.0.2"], host.Stack.Interfaces.Select(static one => one.Configuration?.Address.ToString()));
            Assert.DoesNotContain(host.Ends[1].Packets, static packet => LinkEnd.Question(packet) is not null);
        },
        Static with { Static = null });

    [Fact]
    public void EachInterfaceHasADhcpClientOfItsOwn() => Run(
        async host =>
        {
            // Both are asked for; the second is answered first.
            for (int link = 1; link >= 0; link--)
            {
                Ipv4Address server = V4($"10.{link + 1}.0.1"), offered = V4($"10.{link + 1}.0.50");
                await host.Ends[link].AnswerDhcpAsync(DhcpMessageType.Offer, offered, server);
                await host.Ends[link].AnswerDhcpAsync(DhcpMessageType.Acknowledge, offered, server);
            }

            Assert.Equal(["10.1.0.50", "10.2.0.50"], host.Stack.Interfaces.Select(static one => one.Configuration?.Address.ToString()));
            Assert.Equal(["10.1.0.1", "10.2.0.1"], host.Stack.NameServers.Servers.Select(static server => server.ToString()));
            Assert.All(host.Stack.Interfaces, static one => Assert.True(one.Configured.IsCompleted));

            // Renewals leave by the interface whose lease it is.
            host.ClearFrames();
            await host.AdvanceAsync(300.5);
            foreach ((LinkEnd end, int number) in host.Ends.Select(static (end, number) => (end, number)))
            {
                await end.AnswerArpAsync(V4($"10.{number + 1}.0.1"));
                Assert.Equal(V4($"10.{number + 1}.0.50"), end.Packets.Select(LinkEnd.Question).OfType<DhcpMessage>().First().ClientAddress);
            }
        },
        Static with { Static = null, FurtherInterfaces = Second(new() { Ipv6 = null }) });

    [Fact]
    public void WhatIsForAnotherHostOrAnotherInterfaceIsDroppedCountedAndNotPassedOn() => Run(async host =>
    {
        byte[] echo = new byte[40];
        IcmpHeader.WriteEchoRequest(echo, 1, 1);
        host.ClearFrames();
        foreach (string destination in new[] { "10.1.0.77", "10.1.0.2", "192.0.2.1" })
            await host.Ends[1].SendAsync(IpProtocol.Icmp, echo, V4("10.2.0.1"), V4(destination));
        Assert.Equal(3, host.Stack.Interfaces[1].Counters.First(static layer => layer.Layer == "IPv4").Dropped(DropCause.NotForUs));
        Assert.Equal(0, host.Stack["IPv4"].Dropped(DropCause.NotForUs));
        Assert.All(host.Ends, static end => Assert.Empty(end.Frames));
        // The same to its own address is answered.
        await host.Ends[1].SendAsync(IpProtocol.Icmp, echo, V4("10.2.0.1"), V4("10.2.0.2"));
        await host.Ends[1].AnswerArpAsync(V4("10.2.0.1"));
        Assert.Single(host.Ends[1].Packets);
    });

    [Fact]
    public void ADatagramSaysByWhichInterfaceItCame() => Run(async host =>
    {
        Collector collector = new();
        await host.Stack.Udp.TellAsync(UdpMessage.Bind(6000, collector));
        byte[] datagram = new byte[UdpHeader.Length + 4];
        for (int link = 0; link < 2; link++)
        {
            (Ipv4Address peer, Ipv4Address own) = (V4($"10.{link + 1}.0.1"), V4($"10.{link + 1}.0.2"));
            new UdpHeader(7000, 6000, 4).Write(datagram, peer, own);
            await host.Ends[link].SendAsync(IpProtocol.Udp, datagram, peer, own);
        }

        Assert.Equal([2, 3], collector.Interfaces);
    });

    [Fact]
    public void APortThatIsBoundOnOneInterfaceIsClosedOnTheOthers() => Run(async host =>
    {
        Collector collector = new();
        await host.Stack.Udp.TellAsync(UdpMessage.Bind(6000, collector, interfaceIndex: 3));
        Assert.False(await host.Stack.Udp.AskAsync<bool>(reply => UdpMessage.TryBind(6000, new Collector(), reply)));
        byte[] datagram = new byte[UdpHeader.Length + 4];
        for (int link = 0; link < 2; link++)
        {
            (Ipv4Address peer, Ipv4Address own) = (V4($"10.{link + 1}.0.1"), V4($"10.{link + 1}.0.2"));
            new UdpHeader(7000, 6000, 4).Write(datagram, peer, own);
            await host.Ends[link].SendAsync(IpProtocol.Udp, datagram, peer, own);
        }

        Assert.Equal([3], collector.Interfaces);
        Assert.Equal(1, host.Stack["UDP"].Dropped(DropCause.NoListener));
    });

    [Theory]
    [InlineData("255.255.255.255", 2)]
    [InlineData("255.255.255.255", 3)]
    [InlineData("239.1.2.3", 3)]
    public void BroadcastsAndGroupsLeaveByTheInterfaceThatIsNamed(string destination, int interfaceIndex) => Run(async host =>
    {
        await host.SendDatagramAsync(destination, (byte)interfaceIndex);
        Assert.Single(host.Ends[interfaceIndex - 2].Packets, IsDatagram);
        Assert.DoesNotContain(host.Ends[3 - interfaceIndex].Packets, IsDatagram);
    });

    [Fact]
    public void ABroadcastOfANetworkLeavesByItsInterface() => Run(async host =>
    {
        await host.SendDatagramAsync("10.2.0.255");
        Assert.Single(host.Ends[1].Packets, IsDatagram);
        Assert.DoesNotContain(host.Ends[0].Packets, IsDatagram);
    });

    [Fact]
    public void APeerIsToldWhatTheLinkOfItsConnectionTakes() => Run(
        async host =>
        {
            Task<TcpConnection> connecting = host.Stack.ConnectAsync(new(V4("10.2.0.1"), 80), InTurns).AsTask();
            await host.Test.WhenIdle();
            await host.Ends[1].AnswerArpAsync(V4("10.2.0.1"));
            byte[] syn = Assert.Single(host.Ends[1].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);
            TcpHeader.TryParse(syn.AsSpan(20), V4("10.2.0.2"), V4("10.2.0.1"), out TcpHeader header, out _);
            Assert.Equal((ushort)(1280 - 40), header.Options.MaximumSegmentSize);
            // Nobody answers.
            Assert.False(connecting.IsCompleted);
        },
        secondMtu: 1280);

    [Fact]
    public void WhatIsForAnAddressOfTheOtherInterfaceStaysInTheHost() => Run(async host =>
    {
        await host.ExchangeAsync(host.Stack, new(V4("10.2.0.2"), 80), new byte[20_000]);
        Assert.All(host.Ends, static end => Assert.DoesNotContain(end.Packets, static packet => packet[9] == (byte)IpProtocol.Tcp));
    });

    private static bool IsDatagram(byte[] packet) => packet[9] == (byte)IpProtocol.Udp && packet[23] == 6000 % 256 && packet[22] == 6000 / 256;

    private sealed class Collector : UdpReceiver
    {
        public List<int> Interfaces { get; } = [];

        public override bool TryDeliver([Actors.MovesWhen(true)] in UdpDatagram datagram)
        {
            Interfaces.Add(datagram.Interface);
            datagram.Dispose();
            return true;
        }
    }
}
