// What one card takes and does is not what another does.
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class InterfaceLimitTests
{
    [Fact]
    public void ChecksumsAreLeftToTheCardThatComputesThemAndToNoOther() => TestSystem.Run(async test =>
    {
        InProcessLink[] links = [new(test.System), new(test.System, number: 1)];
        LinkEnd[] ends = [.. links.Select(link => new LinkEnd(test, link))];
        foreach (LinkEnd end in ends)
            await end.AttachAsync();
        ActorRef<NetworkDeviceMessage> offloading = test.System.Spawn(new OffloadingCard(links[1].Second), "offloading card");
        NetworkStack stack = await NetworkStack.StartAsync(test.System, [links[0].Second, offloading], Static, new SeededRandomness(1), CancellationToken.None);
        await test.WhenIdle();
        for (int link = 0; link < 2; link++)
        {
            Ipv4Address peer = V4($"10.{link + 1}.0.1"), own = V4($"10.{link + 1}.0.2");
            _ = stack.ConnectAsync(new(peer, 80), InTurns).AsTask();
            await test.WhenIdle();
            await ends[link].AnswerArpAsync(peer);
            byte[] syn = Assert.Single(ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);
            // No device is there that would have completed it.
            Assert.Equal(link == 0 ? WireError.None : WireError.BadChecksum, TcpHeader.TryParse(syn.AsSpan(Ipv4Header.Length), own, peer, out _, out _));
        }
    });

    // RFC 1122 3.3.4.2 says it of IPv4; RFC 4861 7.2.3 has a neighbour answer for its own addresses alone.
    [Fact]
    public void AnInterfaceTakesNothingForAnotherOnesAddressOfIpv6() => Run(
        async host =>
        {
            await host.AdvanceAsync(3);
            host.ClearFrames();
            byte[] echo = FrameBench.Echo(Address("2001:db8:2::1").Ipv6, Address("2001:db8:1::2").Ipv6);
            await host.Ends[1].SendAsync(EtherType.Ipv6, echo.AsMemory(EthernetHeader.Length));
            Assert.Equal(1, host.Stack.Interfaces[1].Counters.First(static layer => layer.Layer == "IPv6").Dropped(DropCause.NotForUs));
            Assert.All(host.Ends, static end => Assert.Empty(end.Frames));
            echo = FrameBench.Echo(Address("2001:db8:2::1").Ipv6, Address("2001:db8:2::2").Ipv6);
            await host.Ends[1].SendAsync(EtherType.Ipv6, echo.AsMemory(EthernetHeader.Length));
            Assert.NotEmpty(host.Ends[1].Frames);
        },
        Static with { Ipv6 = Fixed(1), FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24)), Ipv6 = Fixed(2) }) });

    // RFC 4987: without a connection's actor, too.
    [Fact]
    public void ACookieTellsWhatTheLinkItGoesOutByTakes() => Run(
        async host =>
        {
            await using TcpListener listener = (await host.Stack.ListenAsync(80, InTurns))!;
            for (int link = 0; link < 2; link++)
            {
                Ipv4Address peer = V4($"10.{link + 1}.0.1"), own = V4($"10.{link + 1}.0.2");
                byte[] syn = new byte[20];
                new TcpHeader(4000, 80, new(1), new(0), TcpFlags.Syn, 1000, default).Write(syn, peer, own);
                await host.Ends[link].SendAsync(IpProtocol.Tcp, syn, peer, own);
                await host.Ends[link].AnswerArpAsync(peer);
                byte[] answer = Assert.Single(host.Ends[link].Packets, static packet => packet[9] == (byte)IpProtocol.Tcp);
                Assert.Equal(WireError.None, TcpHeader.TryParse(answer.AsSpan(Ipv4Header.Length), own, peer, out TcpHeader header, out _));
                Assert.Equal((ushort)((link == 0 ? 1500 : 1280) - 40), header.Options.MaximumSegmentSize);
            }

            Assert.Equal(2, host.Stack["TCP"].Cookies);
        },
        Static with { Tcp = new() { HalfOpenConnections = 0 } },
        secondMtu: 1280);

    private static Ipv6Configuration Fixed(int network) => new()
    {
        Addresses = [new(Address($"2001:db8:{network}::2").Ipv6, 64)],
        DuplicateAddressProbes = 0,
        RouterSolicitations = 0,
    };

    /// <summary>A card that says it completes checksums.</summary>
    private sealed class OffloadingCard(ActorRef<NetworkDeviceMessage> card) : Actor<NetworkDeviceMessage>
    {
        protected override async ValueTask ReceiveAsync(NetworkDeviceMessage message)
        {
            if (message.Kind != NetworkDeviceMessageKind.Attach)
            {
                await card.TellAsync(message);
                return;
            }

            NetworkDeviceContract.Instance.Observe(message.Client!, NetworkDeviceStep.Attach);
            await card.TellAsync(NetworkDeviceMessage.Attach(new Client(message.Client!)));
        }

        private sealed class Client(NetworkDeviceClient inner) : NetworkDeviceClient
        {
            protected override bool TryTell(in NetworkDeviceEvent deviceEvent) => deviceEvent is { Kind: NetworkDeviceEventKind.Started, Information: { } device }
                ? inner.TryDeliver(NetworkDeviceEvent.Started(
                    new()
                    {
                        Name = device.Name,
                        HardwareAddress = device.HardwareAddress,
                        MaximumTransmissionUnit = device.MaximumTransmissionUnit,
                        TransmitFrames = device.TransmitFrames,
                        Batches = device.Batches,
                        TransmitOffload = FrameOffloadFlags.NeedsChecksum,
                    },
                    deviceEvent.IsLinkUp))
                : inner.TryDeliver(deviceEvent);
        }
    }
}
