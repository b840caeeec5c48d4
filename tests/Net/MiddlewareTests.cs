// What slips between any two layers: a capture, faults, a limit.
using System.Buffers.Binary;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class MiddlewareTests(ITestOutputHelper output)
{
    public static TheoryData<LayerEdge, int> Edges => new()
    {
        { LayerEdge.DeviceToEthernet, 14 }, { LayerEdge.EthernetToDevice, 14 }, { LayerEdge.EthernetToIpv4, 0 }, { LayerEdge.Ipv4ToEthernet, 0 },
        { LayerEdge.EthernetToIpv6, 0 }, { LayerEdge.Ipv6ToEthernet, 0 }, { LayerEdge.InternetToUdp, 0 }, { LayerEdge.InternetToTcp, 0 },
    };

    // A capture on any edge sees what passes there, and nothing of the stack's behaviour changes.
    [Theory]
    [MemberData(nameof(Edges))]
    public void ACaptureBetweenAnyTwoLayersSeesWhatPasses(LayerEdge edge, int headerLength)
    {
        using MemoryStream capture = new();
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        FrameBench.Run(
            async bench =>
            {
                await bench.AdvanceAsync(5);
                await bench.SendAsync(RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)));
                await bench.SendAsync(RawHost.Ping(1), RawHost.Tcp(TcpFlags.Syn, 81), FrameBench.Solicit(FrameBench.Peer, bench.LinkLocal));
                byte[] datagram = new byte[9];
                new UdpHeader(1, 2, 1).Write(datagram, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
                await bench.SendAsync(RawHost.Ip(IpProtocol.Udp, datagram), FrameBench.Echo(FrameBench.Peer, bench.LinkLocal));
                Assert.Contains(bench.Frames, frame => RawHost.IsEchoReply(frame, 1));
                Assert.Contains(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.EchoReply));
                Assert.True(bench.Stack[$"stage {edge}"].Received > 0);
                Assert.Equal(bench.Stack[$"stage {edge}"].Received, bench.Stack[$"stage {edge}"].Sent);
            },
            new()
            {
                Static = new(new(TwoStacks.SecondAddress, 24)),
                Stages = (at, _) => at == edge ? new PcapWriter(capture, headerLength == 14 ? PcapLinkType.Ethernet : PcapLinkType.RawIp, start) : null,
            });
        List<(uint Seconds, byte[] Frame)> frames = Read(capture.ToArray(), headerLength == 14 ? 1u : 101u);
        Assert.NotEmpty(frames);
        uint begin = (uint)start.ToUnixTimeSeconds();
        Assert.All(frames, frame => Assert.InRange(frame.Seconds, begin, begin + 10));
        Assert.All(frames, frame => Assert.True(headerLength == 14 || frame.Frame[0] >> 4 is 4 or 6));
    }

    // TCP gets everything across what loses, doubles, reorders and changes packets in both directions.
    [Fact]
    public void AConnectionSurvivesFaultsBetweenItsLayers()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        LayerCounters faults = new("faults");
        FaultRates rates = new() { Loss = 0.03, Duplication = 0.03, Reordering = 0.05, Corruption = 0.02 };
        TestSystem.Run(
            async test =>
            {
                InProcessLink link = new(test.System);
                SeededRandomness randomness = new(seed);
                NetworkConfiguration Configure(Ipv4Address address) => new()
                {
                    Static = new(new(address, 24)),
                    Stages = (edge, resources) => edge is LayerEdge.Ipv4ToEthernet or LayerEdge.EthernetToIpv4
                        ? new FaultInjector(rates, seed + (int)edge, resources, faults)
                        : null,
                };
                NetworkStack first = await NetworkStack.StartAsync(test.System, link.First, Configure(TwoStacks.FirstAddress), randomness);
                NetworkStack second = await NetworkStack.StartAsync(test.System, link.Second, Configure(TwoStacks.SecondAddress), randomness);
                TcpApplicationOptions inTurns = new() { RunsInTurns = true };
                TcpListener listener = (await second.ListenAsync(80, inTurns))!;
                ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
                TcpConnection client = await first.ConnectAsync(new(TwoStacks.SecondAddress, 80), inTurns);
                TcpConnection server = (await accepting)!;
                byte[] sent = new byte[100_000];
                new Random(seed).NextBytes(sent);
                Task<byte[]> arriving = TwoStacks.ReadAllAsync(server.Input);
                await client.Output.WriteAsync(sent);
                client.Output.Complete();
                Assert.Equal(sent, await arriving);
                await server.DisposeAsync();
                await TwoStacks.ReadAllAsync(client.Input);
                client.Input.Complete();
                await listener.DisposeAsync();
                Assert.True(faults.TotalDropped > 0);
            },
            new TestOptions { Seed = seed });
    }

    // Two bits turned in one column of the checksum's words, one up and one down, leave it as it was: no receiver could tell such a frame from a good one.
    [Fact]
    public void WhatIsCorruptedIsSeenByTheChecksum()
    {
        LinkResources link = new(FramePool.Create(new FramePoolOptions { FrameCount = 4 }), FrameBatchPool.Create(4), new(0x0200_0000_0001), 1500);
        FaultInjector faults = new(new() { Corruption = 1 }, seed: 1, link, new("faults"));
        byte[] packet = new byte[60];
        new Random(1).NextBytes(packet);
        Queue<FrameBatch> onward = new();
        for (int i = 0; i < 10_000; i++)
        {
            Assert.True(link.Frames.TryRent(out FrameBuffer frame));
            frame.Append(packet);
            Assert.True(link.TryBatch(frame, out FrameBatch batch));
            faults.Pass(batch, TimeSpan.Zero, onward);
            using FrameBatch passed = onward.Dequeue();
            Assert.True(passed.TryTake(out FrameBuffer corrupted));
            Assert.NotEqual(InternetChecksum.Compute(packet), InternetChecksum.Compute(corrupted.Data));
            corrupted.Dispose();
        }
    }

    [Fact]
    public void ALimiterPassesSoMuchASecond()
    {
        LayerCounters counters = new("limit");
        FrameBench.Run(
            async bench =>
            {
                await bench.SendAsync(RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)));
                bench.Frames.Clear();
                // 60 octets each at the IP header, and room for ten at once.
                for (int second = 0; second < 3; second++)
                {
                    await bench.SendAsync([.. Enumerable.Range(0, 30).Select(sequence => RawHost.Ping((ushort)sequence))]);
                    await bench.AdvanceAsync(1);
                }

                Assert.Equal(10 + 5 + 5, bench.Frames.Count(frame => frame.Length > 34 && frame[23] == (byte)IpProtocol.Icmp && frame[34] == 0));
                Assert.Equal(70, counters.Dropped(DropCause.RateLimited));
            },
            new()
            {
                Ipv6 = null,
                Static = new(new(TwoStacks.SecondAddress, 24)),
                Stages = (edge, link) => edge == LayerEdge.EthernetToIpv4 ? new RateLimiter(300, 600, link, counters) : null,
            });
    }

    private static List<(uint Seconds, byte[] Frame)> Read(byte[] capture, uint linkType)
    {
        Assert.Equal(0xA1B2_3C4Du, BinaryPrimitives.ReadUInt32LittleEndian(capture));
        Assert.Equal(linkType, BinaryPrimitives.ReadUInt32LittleEndian(capture.AsSpan(20)));
        List<(uint, byte[])> frames = [];
        for (int at = 24; at < capture.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(capture.AsSpan(at + 8));
            frames.Add((BinaryPrimitives.ReadUInt32LittleEndian(capture.AsSpan(at)), capture[(at + 16)..(at + 16 + length)]));
            at += 16 + length;
        }

        return frames;
    }
}
