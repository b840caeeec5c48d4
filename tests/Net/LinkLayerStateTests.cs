// What the link layer hands on in a hot swap, with whole frames in virtual time.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Ethernet;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.FrameBench;

namespace Troupe.Net.Tests;

public sealed class LinkLayerStateTests
{
    private static readonly Ipv4Address _neighbor = TwoStacks.FirstAddress;

    [Fact]
    public void NeighborsAreKnownAndAskedAboutInTheirTime() => RunSettled(async bench =>
    {
        await LearnAsync(bench);
        await SwapAsync(bench);
        // Nothing is asked, and what is sent goes to the address that the predecessor learned.
        await SendDatagramAsync(bench);
        Assert.Single(Datagrams(bench));
        Assert.Empty(Questions(bench));
        // It grows old as it would have: ArpLifetime from when it was learned.
        await bench.AdvanceAsync(new EthernetConfiguration().ArpLifetime.TotalSeconds);
        await SendDatagramAsync(bench);
        Assert.Equal(2, Datagrams(bench).Count());
        Assert.Single(Questions(bench));
    });

    [Fact]
    public void FramesGoOnToBothInternetLayers() => RunSettled(async bench =>
    {
        await SwapAsync(bench);
        await bench.SendAsync(RawHost.Arp(ArpPacket.Request(Own, _neighbor, TwoStacks.SecondAddress)));
        Assert.Contains(bench.Frames, static frame => RawHost.IsArp(frame, ArpOperation.Reply, _neighbor));
        byte[] echo = new byte[40];
        IcmpHeader.WriteEchoRequest(echo, 1, 1);
        await bench.SendAsync(RawHost.Ip(IpProtocol.Icmp, echo), Echo(Peer, bench.LinkLocal));
        Assert.Contains(bench.Frames, static frame => frame[12] == 8 && frame[13] == 0 && frame[23] == (byte)IpProtocol.Icmp);
        Assert.Equal(0, bench.Stack["Ethernet"].Dropped(DropCause.UnknownProtocol));
        Assert.Contains(bench.Ipv6, static frame => frame.IsIcmp(Icmpv6Type.NeighborSolicitation));
    });

    [Fact]
    public void WhatWaitsForANeighborIsDroppedAndAskedForAnew() => RunSettled(async bench =>
    {
        int held = bench.Stack.Link.Frames.RentedCount;
        await SendDatagramAsync(bench);
        Assert.Equal(held + 1, bench.Stack.Link.Frames.RentedCount);
        await SwapAsync(bench);
        Assert.Equal((held, 1L), (bench.Stack.Link.Frames.RentedCount, bench.Stack["ARP"].Dropped(DropCause.Unresolved)));
        bench.Frames.Clear();
        await SendDatagramAsync(bench);
        Assert.Single(Questions(bench));
    });

    // RFC 5227 2.4: defended once in ten seconds, however often the layer is swapped.
    [Fact]
    public void TheAddressIsDefendedAsBefore() => RunSettled(async bench =>
    {
        byte[] claim = RawHost.Arp(ArpPacket.Announce(Own, TwoStacks.SecondAddress));
        await bench.SendAsync(claim);
        Assert.Single(Announcements(bench));
        await SwapAsync(bench);
        await bench.SendAsync(claim);
        Assert.Single(Announcements(bench));
        await bench.AdvanceAsync(11);
        await bench.SendAsync(claim);
        Assert.Equal(2, Announcements(bench).Count());
    });

    // Two announcements, two seconds apart, whoever makes the second; and none for the swap.
    [Fact]
    public void AnAnnouncementThatWasBegunIsFinished() => Run(async bench =>
    {
        await bench.AdvanceAsync(1);
        Assert.Single(Announcements(bench));
        await SwapAsync(bench);
        await bench.AdvanceAsync(0.9);
        Assert.Single(Announcements(bench));
        await bench.AdvanceAsync(10);
        Assert.Equal(2, Announcements(bench).Count());
    });

    [Fact]
    public void WhoAskedWhetherAnAddressIsFreeIsAnswered() => Run(
        async bench =>
        {
            Task<bool> isFree = Asking(bench.Stack.Interfaces[0].Ethernet.AskAsync<bool>(
                static reply => LinkMessage.Probe(Ipv4Address.From(10, 0, 0, 9), reply), TimeSpan.FromMinutes(1)));
            await bench.AdvanceAsync(2);
            await SwapAsync(bench);
            await bench.AdvanceAsync(8);
            Assert.True(isFree.IsCompleted);
            Assert.True(await isFree);
            Assert.Equal(3, bench.Frames.Count(static frame => RawHost.IsArp(frame, ArpOperation.Request, Ipv4Address.From(10, 0, 0, 9))));
        },
        new()
        {
            Static = new(new(TwoStacks.SecondAddress, 24), TwoStacks.FirstAddress),
            Ethernet = new() { AddressProbes = 3 },
        });

    [Fact]
    public void WhoWatchesForConflictsIsToldOfTheNextOne() => RunSettled(async bench =>
    {
        ConflictList conflicts = new();
        await bench.Stack.Interfaces[0].Ethernet.TellAsync(LinkMessage.Observe(conflicts));
        byte[] claim = RawHost.Arp(ArpPacket.Announce(Own, TwoStacks.SecondAddress));
        await bench.SendAsync(claim);
        await SwapAsync(bench);
        Assert.Empty(conflicts.Addresses);
        await bench.SendAsync(claim);
        Assert.Equal([TwoStacks.SecondAddress], conflicts.Addresses);
    });

    [Fact]
    public void NeighborsThatAreTalkedToKeepTheirPlacesBeforeStrangers()
    {
        EthernetConfiguration small = new() { ArpEntries = 2 };
        ArpCache first = new(small, new("ARP")), second = new(small, new("ARP"));
        Learn(first, 1);
        Assert.True(first.TryResolve(Neighbor(1), TimeSpan.Zero, out _, out _));
        Learn(first, 2);
        second.Import(first.Export());
        Learn(second, 3);
        Assert.True(second.TryResolve(Neighbor(1), TimeSpan.Zero, out _, out _));
        Assert.False(second.TryResolve(Neighbor(2), TimeSpan.Zero, out _, out _));

        static Ipv4Address Neighbor(byte number) => Ipv4Address.From(10, 0, 0, number);

        static void Learn(ArpCache cache, byte number) =>
            cache.Learn(ArpPacket.Request(new(number), Neighbor(number), TwoStacks.SecondAddress), forUs: true, TimeSpan.Zero);
    }

    // A method, because a task made of the question would go on in the pool, outside of the test's order.
    private static async Task<bool> Asking(ValueTask<bool> question) => await question;

    private static void RunSettled(Func<FrameBench, Task> scenario) => RunReady(scenario);

    private static async Task SwapAsync(FrameBench bench)
    {
        await bench.Stack.Interfaces[0].Ethernet.SwapAsync(bench.Stack.Interfaces[0].CreateEthernet);
        await bench.Test.WhenIdle();
    }

    private static async Task LearnAsync(FrameBench bench)
    {
        await bench.SendAsync(RawHost.Arp(ArpPacket.Request(Own, _neighbor, TwoStacks.SecondAddress)));
        bench.Frames.Clear();
    }

    private static async Task SendDatagramAsync(FrameBench bench)
    {
        Assert.True(bench.Stack.Link.Frames.TryRent(out FrameBuffer payload));
        payload.Append("datagram"u8);
        await bench.Stack.Udp.TellAsync(UdpMessage.Send(new(payload, new(Ipv4Address.Any, 9), new(_neighbor, 9))));
        await bench.Test.WhenIdle();
    }

    private static IEnumerable<byte[]> Datagrams(FrameBench bench) =>
        bench.Frames.Where(static frame => frame[12] == 8 && frame[13] == 0 && frame[23] == (byte)IpProtocol.Udp);

    private static IEnumerable<byte[]> Questions(FrameBench bench) => bench.Frames.Where(static frame => RawHost.IsArp(frame, ArpOperation.Request, _neighbor));

    private static IEnumerable<byte[]> Announcements(FrameBench bench) =>
        bench.Frames.Where(static frame => RawHost.IsArp(frame, ArpOperation.Request, TwoStacks.SecondAddress));

    [SendableByContract("The link layer's turns write it, and the test reads it when all is idle.")]
    private sealed class ConflictList : AddressConflictObserver
    {
        public List<Ipv4Address> Addresses { get; } = [];

        public override void Conflict(Ipv4Address address) => Addresses.Add(address);
    }
}
