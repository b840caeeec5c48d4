// What layers hand on in a hot swap, with whole frames in virtual time: a layer that was swapped goes on where its predecessor stopped.
using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.FrameBench;

namespace Troupe.Net.Tests;

public sealed class LayerStateTests
{
    private static readonly Ipv4Address Offered = Ipv4Address.From(10, 0, 0, 50);

    [Fact]
    public void Ipv6KeepsItsAddressesRoutersAndDnsServersAndTheirTimes() => RunReady(async bench =>
    {
        byte[] dns = new byte[24];
        (dns[0], dns[1], dns[7]) = (25, 3, 100);
        V6("2001:db8::53").Write(dns.AsSpan(8));
        await bench.SendAsync(AdvertiseRouter(lifetime: 50, valid: 20_000, preferred: 40, more: dns));
        await bench.AdvanceAsync(3);
        LocalAddress[] before = [.. bench.Stack.Addresses.Ipv6];
        Assert.Equal(2, before.Length);
        bench.Frames.Clear();
        await SwapIpv6Async(bench);

        // Nothing is asked for anew, not even whether the addresses are free.
        await bench.AdvanceAsync(5);
        Assert.Empty(bench.Ipv6);
        Assert.Equal(before, bench.Stack.Addresses.Ipv6);
        Ipv6Address own = before.Single(static own => !own.Address.IsLinkLocal).Address.Ipv6;
        // Somebody far away is answered through the router, whose link address is known.
        await bench.SendAsync(Echo(V6("2001:db8:ffff::9"), own));
        Assert.Equal(Own, bench.Ipv6.Single(static frame => frame.IsIcmp(Icmpv6Type.EchoReply)).Hardware);
        // Their times go on: preferred for 40 seconds, a router for 50, a DNS server for 100.
        Assert.Equal("2001:db8::53", string.Join(' ', bench.Stack.NameServers.Servers));
        await bench.AdvanceAsync(34);
        Assert.True(bench.Stack.Addresses.Ipv6.Single(static own => !own.Address.IsLinkLocal).IsDeprecated);
        await bench.AdvanceAsync(10);
        bench.Frames.Clear();
        await bench.SendAsync(Echo(V6("2001:db8:ffff::9"), own));
        Assert.DoesNotContain(bench.Ipv6, static frame => frame.IsIcmp(Icmpv6Type.EchoReply));
        await bench.AdvanceAsync(50);
        Assert.Empty(bench.Stack.NameServers.Servers);
    });

    // RFC 7217: the same secret, or the next prefix would show that something happened.
    [Fact]
    public void Ipv6KeepsItsSecret()
    {
        string With(bool swap)
        {
            string address = "";
            RunReady(async bench =>
            {
                if (swap)
                    await SwapIpv6Async(bench);
                await bench.SendAsync(AdvertiseRouter());
                await bench.AdvanceAsync(3);
                address = bench.Stack.Addresses.Ipv6.Single(static own => !own.Address.IsLinkLocal).Address.ToString();
            });
            return address;
        }

        Assert.Equal(With(swap: false), With(swap: true));
    }

    [Fact]
    public void Ipv6IsSwappedWhileItAsksWhetherAnAddressIsFree() => Run(async bench =>
    {
        while (!bench.Ipv6.Any(static frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation)))
            await bench.AdvanceAsync(0.05);
        Assert.Empty(bench.Stack.Addresses.Ipv6);
        await SwapIpv6Async(bench);
        await bench.AdvanceAsync(1.1);
        Assert.Single(bench.Stack.Addresses.Ipv6);
        Assert.Single(bench.Ipv6, static frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation));
    });

    [Fact]
    public void Ipv6ListensToItsGroups() => RunReady(async bench =>
    {
        Ipv6Address group = V6("ff05::1:3");
        await bench.Stack.Ipv6!.TellAsync(IpMessage.Join(group));
        await bench.AdvanceAsync(5);
        bench.Frames.Clear();
        await SwapIpv6Async(bench);
        await bench.AdvanceAsync(5);
        Assert.Empty(bench.Ipv6);
        await bench.Stack.Ipv6!.TellAsync(IpMessage.Leave(group));
        await bench.AdvanceAsync(1);
        Assert.Contains(bench.Ipv6, static frame => frame.IsIcmp(Icmpv6Type.MulticastListenerReportV2));
    });

    [Fact]
    public void Ipv6LosesWhatWaitsForANeighborAndNoFrameOfTheDevice() => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter());
        await bench.AdvanceAsync(3);
        int held = bench.Stack.Link.Frames.RentedCount;
        Assert.True(bench.Stack.Link.Frames.TryRent(out FrameBuffer frame));
        frame.Append("x"u8);
        await bench.Stack.Udp.TellAsync(UdpMessage.Send(new(frame, new(Ipv6Address.Any, 9), new(V6("2001:db8::77"), 9))));
        await bench.Test.WhenIdle();
        Assert.Equal(held + 1, bench.Stack.Link.Frames.RentedCount);
        await SwapIpv6Async(bench);
        Assert.Equal((held, 1L), (bench.Stack.Link.Frames.RentedCount, bench.Stack["ICMPv6"].Dropped(DropCause.Unresolved)));
    });

    // Its timer and its buffers: fragments that come in time make a datagram after the swap, and those that do not are given up.
    [Fact]
    public void Ipv4PutsFragmentsTogetherAfterASwap() => Run(async bench =>
    {
        await bench.SendAsync(FragmentOf(1, offset: 0, more: true));
        await bench.Stack.Ipv4.SwapAsync(bench.Stack.CreateIpv4);
        await bench.SendAsync(FragmentOf(2, offset: 0, more: true), FragmentOf(2, offset: 32, more: false));
        Assert.Equal(1, bench.Stack["IPv4"].Reassembled);
        await bench.SendAsync(FragmentOf(3, offset: 0, more: true));
        await bench.AdvanceAsync(31);
        Assert.Equal(1, bench.Stack["IPv4"].Dropped(DropCause.Timeout));
    });

    [Fact]
    public void UdpKeepsItsPorts() => Run(async bench =>
    {
        Counting receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(7777, receiver));
        await bench.Stack.Udp.SwapAsync(bench.Stack.CreateUdp);
        await bench.SendAsync(RawHost.Ip(IpProtocol.Udp, Datagram(9, 7777)), RawHost.Ip(IpProtocol.Udp, Datagram(9, 7778)));
        Assert.Equal((1, 1L), (receiver.Count, bench.Stack["UDP"].Dropped(DropCause.NoListener)));
        Assert.False(await bench.Stack.Udp.AskAsync<bool>(bound => UdpMessage.TryBind(7777, receiver, bound)));
    });

    [Fact]
    public void ADhcpClientGoesOnWithItsPredecessorsLease() => Run(
        async bench =>
        {
            await bench.AdvanceAsync(1);
            await AnswerAsync(bench, DhcpMessageType.Discover, DhcpMessageType.Offer);
            // In the middle of it, too.
            await bench.Stack.Dhcp!.SwapAsync(bench.Stack.CreateDhcp!);
            await AnswerAsync(bench, DhcpMessageType.Request, DhcpMessageType.Acknowledge);
            await bench.AdvanceAsync(10);
            Assert.Equal(Offered, bench.Stack.Configuration?.Address);
            bench.Frames.Clear();
            await bench.Stack.Dhcp!.SwapAsync(bench.Stack.CreateDhcp!);
            await bench.AdvanceAsync(1700);
            Assert.Empty(Questions(bench));
            // An hour's lease: at T2 any server is asked.
            await bench.AdvanceAsync(1500);
            Assert.Contains(Questions(bench), static asked => asked.Type == DhcpMessageType.Request && asked.ClientAddress == Offered);
            // Nobody grants it, and it ends.
            await bench.AdvanceAsync(500);
            Assert.Null(bench.Stack.Configuration);
        },
        new() { Ipv6 = null });

    private static async Task SwapIpv6Async(FrameBench bench)
    {
        await bench.Stack.Ipv6!.SwapAsync(bench.Stack.CreateIpv6!);
        await bench.Test.WhenIdle();
    }

    private static byte[] FragmentOf(ushort identification, int offset, bool more)
    {
        byte[] frame = RawHost.Ip(IpProtocol.Udp, new byte[32]);
        Span<byte> packet = frame.AsSpan(EthernetHeader.Length, Ipv4Header.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)((more ? 0x2000 : 0) | (offset / 8)));
        packet[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Compute(packet));
        return frame;
    }

    private static byte[] Datagram(ushort from, ushort to)
    {
        byte[] datagram = new byte[UdpHeader.Length + 4];
        new UdpHeader(from, to, 4).Write(datagram, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
        return datagram;
    }

    private static List<DhcpMessage> Questions(FrameBench bench)
    {
        List<DhcpMessage> questions = [];
        foreach (byte[] frame in bench.Frames.Where(static frame => frame.Length > 282 && frame[12] == 8 && frame[13] == 0 && frame[23] == (byte)IpProtocol.Udp))
        {
            if (DhcpMessage.TryParseRequest(frame.AsSpan(42), out DhcpMessage question) == WireError.None)
                questions.Add(question);
        }

        return questions;
    }

    private static async Task AnswerAsync(FrameBench bench, DhcpMessageType asked, DhcpMessageType answer)
    {
        DhcpMessage question = Questions(bench).Last(question => question.Type == asked);
        byte[] datagram = new byte[UdpHeader.Length + 400];
        int length = new DhcpMessage
        {
            Type = answer,
            TransactionId = question.TransactionId,
            ClientHardware = StackHardware,
            YourAddress = Offered,
            ServerIdentifier = TwoStacks.FirstAddress,
            Mask = Ipv4Address.From(255, 255, 255, 0),
            LeaseSeconds = 3600,
        }.WriteReply(datagram.AsSpan(UdpHeader.Length));
        datagram = datagram[..(UdpHeader.Length + length)];
        new UdpHeader(DhcpMessage.ServerPort, DhcpMessage.ClientPort, length).Write(datagram, TwoStacks.FirstAddress, Offered);
        await bench.SendAsync(RawHost.Ip(IpProtocol.Udp, datagram, destination: Offered));
    }

    private sealed class Counting : UdpReceiver
    {
        public int Count { get; private set; }

        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram)
        {
            Count++;
            datagram.Dispose();
            return true;
        }
    }
}
