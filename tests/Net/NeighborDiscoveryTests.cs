// RFC 4861, RFC 4862, RFC 7217, RFC 8106 and RFC 3810: whole frames in, whole frames out, in virtual time.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.FrameBench;

namespace Troupe.Net.Tests;

public sealed class NeighborDiscoveryTests
{
    // RFC 4862 5.3 and 5.4.2; RFC 3590: the report goes out although there is no address yet.
    [Fact]
    public void ALinkLocalAddressIsAskedForBeforeItIsOurs() => Run(async bench =>
    {
        await bench.AdvanceAsync(0.999);
        Assert.Empty(bench.Stack.Addresses.Ipv6);
        await bench.AdvanceAsync(1.1);
        Ipv6Address own = bench.LinkLocal;
        Ipv6Frame question = bench.Ipv6.First(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation));
        Assert.Equal((default, own.SolicitedNode, (byte)255), (question.Source, question.Destination, question.Hops));
        Assert.Equal(own.SolicitedNode.MulticastHardware, question.Hardware);
        Assert.Equal(own, Ipv6Address.Read(question.Payload.AsSpan(8)));
        Assert.Equal(24, question.Payload.Length);
        Ipv6Frame report = bench.Ipv6.First();
        Assert.True(report.IsIcmp(Icmpv6Type.MulticastListenerReportV2));
        Assert.Equal((Ipv6Address.AllMulticastRouters, (byte)1, (byte)Ipv6Extensions.HopByHop), (report.Destination, report.Hops, report.Packet[6]));
        Assert.Equal(own.SolicitedNode, Ipv6Address.Read(report.Payload.AsSpan(12)));
    });

    // RFC 4862 5.4.4, RFC 7217 6: an advertisement by whoever has it.
    [Fact]
    public void AnAddressThatSomebodyHasIsNotTakenButAnotherIs() => Run(async bench =>
    {
        await bench.AdvanceAsync(1);
        Ipv6Address wanted = Ipv6Address.Read(bench.Ipv6.First(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation)).Payload.AsSpan(8));
        await bench.SendAsync(Advertise(wanted, Ipv6Address.AllNodes, new(wanted, Own, false, false, true)));
        await bench.AdvanceAsync(5);
        Assert.NotEqual(wanted, bench.LinkLocal);
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.Conflict));
    });

    // RFC 4862 5.4.3: somebody else asks whether it may have it.
    [Fact]
    public void AnAddressThatSomebodyElseTriesTooIsNotTaken() => Run(async bench =>
    {
        await bench.AdvanceAsync(1);
        Ipv6Address wanted = Ipv6Address.Read(bench.Ipv6.First(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation)).Payload.AsSpan(8));
        await bench.SendAsync(Solicit(default, wanted));
        await bench.AdvanceAsync(5);
        Assert.NotEqual(wanted, bench.LinkLocal);
    });

    // RFC 7217 6, IDGEN_RETRIES: an attacker who has every address leaves us without one, not with endless questions.
    [Fact]
    public void AfterThreeMoreTriesItGivesUp() => Run(async bench =>
    {
        for (int second = 0; second < 30; second++)
        {
            foreach (Ipv6Frame question in bench.Ipv6.Where(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation)).ToList())
            {
                Ipv6Address wanted = Ipv6Address.Read(question.Payload.AsSpan(8));
                await bench.SendAsync(Advertise(wanted, Ipv6Address.AllNodes, new(wanted, Own, false, false, true)));
            }

            await bench.AdvanceAsync(0.5);
        }

        Assert.Empty(bench.Stack.Addresses.Ipv6);
        Assert.Equal(4, bench.Ipv6.Where(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation)).Select(frame => frame.Destination).Distinct().Count());
    });

    // RFC 4861 6.3.7.
    [Fact]
    public void RoutersAreAskedForThreeTimesFourSecondsApart() => Run(async bench =>
    {
        await bench.AdvanceAsync(30);
        List<Ipv6Frame> questions = [.. bench.Ipv6.Where(frame => frame.IsIcmp(Icmpv6Type.RouterSolicitation))];
        Assert.Equal(3, questions.Count);
        Assert.Equal((bench.LinkLocal, Ipv6Address.AllRouters, (byte)255), (questions[0].Source, questions[0].Destination, questions[0].Hops));
        Assert.Equal(StackHardware, MacAddress.Read(questions[0].Payload.AsSpan(10)));
    });

    [Fact]
    public void ARouterThatAnswersIsNotAskedAgain() => Run(async bench =>
    {
        while (!bench.Ipv6.Any(frame => frame.IsIcmp(Icmpv6Type.RouterSolicitation)))
            await bench.AdvanceAsync(0.1);
        await bench.SendAsync(AdvertiseRouter());
        bench.Frames.Clear();
        await bench.AdvanceAsync(20);
        Assert.DoesNotContain(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.RouterSolicitation));
    });

    // RFC 4862 5.5.3, RFC 7217, RFC 8106.
    [Fact]
    public void ARouterGivesAnAddressAWayOutAndDnsServers() => RunReady(async bench =>
    {
        byte[] dns = new byte[24 + 24];
        dns[0] = 25;
        dns[1] = 3;
        dns[7] = 100;
        V6("2001:db8::53").Write(dns.AsSpan(8));
        dns[24] = 31;
        dns[25] = 3;
        dns[31] = 100;
        "\u0007example\u0003org\0"u8.CopyTo(dns.AsSpan(32));
        await bench.SendAsync(AdvertiseRouter(more: dns));
        await bench.AdvanceAsync(3);
        LocalAddress own = bench.Stack.Addresses.Ipv6.Single(own => !own.Address.IsLinkLocal);
        Assert.Equal((V6("2001:db8::").High, 64, false), (own.Address.Ipv6.High, own.PrefixLength, own.IsDeprecated));
        Assert.NotEqual(bench.LinkLocal.Low, own.Address.Ipv6.Low);
        Assert.Equal("2001:db8::53", string.Join(' ', bench.Stack.NameServers.Servers));
        Assert.Equal("example.org", Assert.Single(bench.Stack.NameServers.SearchDomains));

        // Somebody far away is answered through the router.
        await bench.SendAsync(Echo(V6("2001:db8:ffff::9"), own.Address.Ipv6));
        Ipv6Frame reply = bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.EchoReply));
        Assert.Equal((Own, V6("2001:db8:ffff::9")), (reply.Hardware, reply.Destination));

        // RFC 8106 5.1: their time ends.
        await bench.AdvanceAsync(100);
        Assert.Empty(bench.Stack.NameServers.Servers);
        Assert.Empty(bench.Stack.NameServers.SearchDomains);
    });

    // RFC 4862 5.5.4.
    [Fact]
    public void AnAddressIsDeprecatedAndThenGone() => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(valid: 200, preferred: 100));
        await bench.AdvanceAsync(90);
        Assert.False(bench.Stack.Addresses.Ipv6.Single(own => !own.Address.IsLinkLocal).IsDeprecated);
        await bench.AdvanceAsync(20);
        Assert.True(bench.Stack.Addresses.Ipv6.Single(own => !own.Address.IsLinkLocal).IsDeprecated);
        await bench.AdvanceAsync(100);
        Assert.DoesNotContain(bench.Stack.Addresses.Ipv6, own => !own.Address.IsLinkLocal);
    });

    // RFC 4862 5.5.3 e: a forged advertisement leaves at least two hours.
    [Fact]
    public void NobodyTakesAnAddressAwayInLessThanTwoHours() => RunReady(async bench =>
    {
        await bench.SendAsync(AdvertiseRouter(valid: 86_400));
        await bench.AdvanceAsync(5);
        await bench.SendAsync(AdvertiseRouter(valid: 1, preferred: 1));
        await bench.AdvanceAsync(7100);
        Assert.Contains(bench.Stack.Addresses.Ipv6, own => !own.Address.IsLinkLocal);
        await bench.AdvanceAsync(200);
        Assert.DoesNotContain(bench.Stack.Addresses.Ipv6, own => !own.Address.IsLinkLocal);
    });

    // RFC 4861 6.1.2: hop limit 255, a link-local source, sound options.
    [Fact]
    public void AnAdvertisementFromFurtherAwayIsDropped() => RunReady(async bench =>
    {
        await bench.SendAsync(
            AdvertiseRouter(hops: 254), AdvertiseRouter(router: V6("2001:db8::1")), AdvertiseRouter(more: [5, 0, 0, 0, 0, 0, 0, 0]));
        await bench.AdvanceAsync(3);
        Assert.DoesNotContain(bench.Stack.Addresses.Ipv6, own => !own.Address.IsLinkLocal);
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.HopLimit));
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.BadAddress));
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.Malformed));
    });

    // RFC 4861 7.2.4.
    [Fact]
    public void WhoAsksForItsAddressIsAnswered() => RunReady(async bench =>
    {
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal));
        Ipv6Frame answer = bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.NeighborAdvertisement));
        Assert.Equal((Own, bench.LinkLocal, Peer, (byte)255), (answer.Hardware, answer.Source, answer.Destination, answer.Hops));
        Assert.Equal(WireError.None, NeighborAdvertisement.TryParse(answer.Payload, Peer, out NeighborAdvertisement read));
        Assert.Equal(new(bench.LinkLocal, StackHardware, false, true, true), read);
    });

    // RFC 4862 5.4.3, from the other side: who tries our address learns that it is taken.
    [Fact]
    public void WhoTriesItsAddressIsToldThroughAllNodes() => RunReady(async bench =>
    {
        await bench.SendAsync(Solicit(default, bench.LinkLocal));
        Ipv6Frame answer = bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.NeighborAdvertisement));
        Assert.Equal((Ipv6Address.AllNodes, Ipv6Address.AllNodes.MulticastHardware), (answer.Destination, answer.Hardware));
        Assert.Equal(0, answer.Payload[4] & 0x40);
    });

    [Fact]
    public void AQuestionFromFurtherAwayIsDropped() => RunReady(async bench =>
    {
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal, hops: 254));
        Assert.Empty(bench.Ipv6);
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.HopLimit));
    });

    // RFC 4861 7.3: STALE, DELAY, PROBE, and gone.
    [Fact]
    public void ANeighbourThatFallsSilentIsProbedThreeTimesAndGivenUp() => RunReady(async bench =>
    {
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal));
        await bench.SendAsync(Echo(Peer, bench.LinkLocal));
        Assert.Single(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.EchoReply));
        bench.Frames.Clear();
        await bench.AdvanceAsync(4.9);
        Assert.Empty(bench.Ipv6);
        await bench.AdvanceAsync(4);
        List<Ipv6Frame> probes = [.. bench.Ipv6.Where(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation))];
        Assert.Equal(3, probes.Count);
        Assert.All(probes, probe => Assert.Equal((Own, Peer), (probe.Hardware, probe.Destination)));
        bench.Frames.Clear();
        await bench.SendAsync(Echo(Peer, bench.LinkLocal));
        Ipv6Frame question = bench.Ipv6.Single();
        Assert.Equal(Peer.SolicitedNode, question.Destination);
        await bench.AdvanceAsync(5);
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.Unresolved));
    });

    // RFC 4861 7.2.5 and 7.3.2: an answer that was asked for confirms.
    [Fact]
    public void ANeighbourThatAnswersIsNotProbedForAWhile() => RunReady(async bench =>
    {
        await bench.SendAsync(Echo(Peer, bench.LinkLocal));
        Ipv6Frame question = bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation));
        Assert.Equal(StackHardware, MacAddress.Read(question.Payload.AsSpan(26)));
        await bench.SendAsync(Advertise(Peer, bench.LinkLocal, new(Peer, Own, false, true, true)));
        Assert.Single(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.EchoReply));
        bench.Frames.Clear();
        await bench.AdvanceAsync(10);
        await bench.SendAsync(Echo(Peer, bench.LinkLocal));
        await bench.AdvanceAsync(10);
        Assert.DoesNotContain(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation));
    });

    // RFC 3810 6.2; RFC 2710 for a router that knows only that.
    [Fact]
    public void ARouterThatAsksForGroupsIsAnswered() => RunReady(async bench =>
    {
        byte[] query = new byte[20];
        await bench.SendAsync(Icmp(Router, Ipv6Address.AllNodes, new(Icmpv6Type.MulticastListenerQuery, 0, 1000u << 16), query, 1));
        await bench.AdvanceAsync(1.1);
        Assert.Contains(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.MulticastListenerReportV2));
        bench.Frames.Clear();
        await bench.SendAsync(Icmp(Router, Ipv6Address.AllNodes, new(Icmpv6Type.MulticastListenerQuery, 0, 1000u << 16), query.AsSpan(4), 1));
        await bench.AdvanceAsync(1.1);
        Ipv6Frame report = bench.Ipv6.Single();
        Assert.True(report.IsIcmp(Icmpv6Type.MulticastListenerReport));
        Assert.Equal(bench.LinkLocal.SolicitedNode, report.Destination);
    });

    [Fact]
    public void AGroupIsHeardOnlyWhileItIsJoined() => RunReady(async bench =>
    {
        Ipv6Address group = V6("ff05::1:3");
        await bench.SendAsync(Echo(Peer, group));
        Assert.Equal(1, bench.Stack["IPv6"].Dropped(DropCause.NotForUs));
        await bench.Stack.Ipv6!.TellAsync(IpMessage.Join(group));
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal), Echo(Peer, group));
        Assert.Equal(bench.LinkLocal, bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.EchoReply)).Source);
        await bench.Stack.Ipv6!.TellAsync(IpMessage.Leave(group));
        await bench.SendAsync(Echo(Peer, group));
        Assert.Equal(2, bench.Stack["IPv6"].Dropped(DropCause.NotForUs));
    });

    // RFC 4861 5.1 says nothing of bounds; an attacker on the link does.
    [Fact]
    public void TheNeighbourTableIsBounded() => RunReady(
        async bench =>
        {
            for (uint host = 1; host <= 2000; host++)
                await bench.SendAsync(Solicit(new(0xFE80UL << 48, host << 8), bench.LinkLocal));
            for (uint host = 1; host <= 100; host++)
                await bench.SendAsync(Echo(new(0xFE80UL << 48, (1UL << 40) | host), bench.LinkLocal));
            bench.Frames.Clear();
            // An honest one is still talked to.
            await bench.SendAsync(Solicit(Peer, bench.LinkLocal), Echo(Peer, bench.LinkLocal));
            Assert.Single(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.EchoReply));
            await bench.AdvanceAsync(10);
            Assert.True(bench.Stack.Link.Frames.RentedCount < 100);
        },
        new() { Ipv6 = new() { Neighbors = 64 } });

    // RFC 7217 5: the same secret and prefix give the same address, another prefix another identifier.
    [Fact]
    public void AnAddressFollowsFromItsPrefixAndTheSecretAlone()
    {
        List<Ipv6Address> seen = [];
        for (int seed = 1; seed <= 2; seed++)
        {
            RunReady(
                bench =>
                {
                    seen.Add(bench.LinkLocal);
                    return Task.CompletedTask;
                },
                new() { Ipv6 = new() { InterfaceSecret = 42 } }, seed);
        }

        Assert.Equal(seen[0], seen[1]);
    }

    [Fact]
    public void AnAddressGivenByHandIsUsedWithItsGateway() => RunReady(
        async bench =>
        {
            Assert.Contains(bench.Stack.Addresses.Ipv6, own => own.Address == V6("2001:db8:5::7"));
            await bench.SendAsync(Echo(V6("2001:db8:6::1"), V6("2001:db8:5::7")));
            Assert.Equal(V6("2001:db8:5::1").SolicitedNode, bench.Ipv6.Single().Destination);
        },
        new() { Ipv6 = new() { Addresses = [new(V6("2001:db8:5::7"), 64)], Gateway = V6("2001:db8:5::1") } });

    [Fact]
    public void WithoutIpv6NothingOfItIsSentOrAnswered() => Run(
        async bench =>
        {
            await bench.AdvanceAsync(20);
            await bench.SendAsync(AdvertiseRouter());
            Assert.Empty(bench.Ipv6);
            Assert.Equal(1, bench.Stack["Ethernet"].Dropped(DropCause.UnknownProtocol));
        },
        new() { Ipv6 = null, Static = new(new(TwoStacks.SecondAddress, 24)) });
}
