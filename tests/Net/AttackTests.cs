// RFC 4987, RFC 5961, RFC 6583, RFC 1858: floods, guesses and frames that are wrong; a whole stack in virtual time, an attacker and an honest host at the
// other end of its link. The same frames go against a guest in `./troupe test attack`.
using System.Buffers.Binary;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Troupe.Tools.Networks.Attacks;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class AttackTests(ITestOutputHelper output)
{
    private const ushort Port = 80;

    [Fact]
    public void AFloodOfSynsCostsSoManyConnectionsAndAnHonestOneOpens() => Run(async (bench, forge) =>
    {
        await using TcpListener listener = (await bench.Stack.ListenAsync(Port))!;
        int before = bench.Test.System.ActorCount;
        for (int sent = 0; sent < 10_000; sent += 100)
            await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => forge.Syn())]);
        Assert.Equal(new TcpConfiguration().HalfOpenConnections, bench.Test.System.ActorCount - before);
        Assert.Equal(10_000 - new TcpConfiguration().HalfOpenConnections, bench.Stack["TCP"].Cookies);
        await ConnectAsync(bench, listener, 4000);
        await bench.AdvanceAsync(200);
        Assert.Equal(before + 1, bench.Test.System.ActorCount);
    });

    // RFC 6583: who asks for the guest may fill the table with himself, but not take out of it whom the guest talks to.
    [Fact]
    public void AFloodOfArpRequestsLeavesTheNeighbourThatIsTalkedTo() => Run(async (bench, forge) =>
    {
        await bench.SendAsync(RawHost.Ping(1));
        for (int sent = 0; sent < 5000; sent += 100)
            await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => forge.ArpRequest(forge.NearAddress(), forge.AnyHardware()))]);
        await AssertAnsweredAtOnceAsync(bench);
    });

    // The questions that this makes the guest ask are all without an answer.
    [Fact]
    public void PingsFromNeighboursThatAreNotThereLeaveTheOneThatIs() => Run(async (bench, forge) =>
    {
        await bench.SendAsync(RawHost.Ping(1));
        for (int sent = 0; sent < 5000; sent += 100)
            await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => forge.Ping(forge.NearAddress()))]);
        Assert.InRange(bench.Stack.Link.Frames.RentedCount, 0, new EthernetConfiguration().ArpWaitingPackets);
        await AssertAnsweredAtOnceAsync(bench);
    });

    // An unknown honest neighbour gets through too, while the questions of the attack are open.
    [Fact]
    public void PingsFromNeighboursThatAreNotThereKeepNobodyOut() => Run(async (bench, forge) =>
    {
        await bench.SendAsync([.. Enumerable.Range(0, 2000).Select(_ => forge.Ping(forge.NearAddress()))]);
        Ipv4Address stranger = Ipv4Address.From(10, 0, 200, 7);
        bench.Frames.Clear();
        await bench.SendAsync(RawHost.Ping(7, stranger));
        Assert.Contains(bench.Frames, frame => RawHost.IsArp(frame, ArpOperation.Request, stranger));
        await bench.SendAsync(RawHost.Arp(ArpPacket.Request(default, TwoStacks.SecondAddress, stranger).ReplyFrom(FrameBench.Own) with
        {
            TargetHardware = FrameBench.StackHardware,
        }));
        Assert.Contains(bench.Frames, frame => RawHost.IsEchoReply(frame, 7));
    });

    [Fact]
    public void AFloodOfSolicitationsLeavesTheNeighbourThatIsTalkedTo() => Run(async (bench, forge) =>
    {
        await MeetPeerAsync(bench);
        for (int sent = 0; sent < 5000; sent += 100)
            await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => forge.Solicitation(forge.NearLinkLocal(), forge.AnyHardware()))]);
        await AssertPeerAnsweredAtOnceAsync(bench);
    });

    [Fact]
    public void PingsFromNeighboursOfIpv6ThatAreNotThereLeaveTheOneThatIs() => Run(async (bench, forge) =>
    {
        await MeetPeerAsync(bench);
        for (int sent = 0; sent < 5000; sent += 100)
            await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => forge.Ping6(forge.NearLinkLocal()))]);
        Assert.InRange(bench.Stack.Link.Frames.RentedCount, 0, new Ipv6Configuration().NeighborWaitingPackets);
        await AssertPeerAnsweredAtOnceAsync(bench);
    });

    // RFC 5961 3, 4 and 5: a guess in every window of the sequence space, as a reset, a SYN, and data with a guessed acknowledgement.
    [Fact]
    public void GuessesDoNotEndAConnectionNorGetIntoIt() => Run(async (bench, forge) =>
    {
        await using TcpListener listener = (await bench.Stack.ListenAsync(Port))!;
        TcpConnection connection = await ConnectAsync(bench, listener, 4000);
        bench.Frames.Clear();
        uint phase = (uint)forge.Random.NextInt64();
        byte[] Guess(uint sequence, ForgedFlags flags, byte[] data) =>
            forge.Tcp(forge.Target.Attacker, 4000, Port, sequence, (uint)forge.Random.NextInt64(), flags, data: data);
        for (uint window = 0; window < 8192; window++)
        {
            uint sequence = phase + (window << 19);
            await bench.SendAsync(Guess(sequence, ForgedFlags.Rst, []), Guess(sequence, ForgedFlags.Syn, []), Guess(sequence, ForgedFlags.Ack, [.. "evil"u8]));
        }

        Assert.False(connection.Completion.IsCompleted);
        Assert.False(connection.Input.TryRead(out _));
        // All within one second of virtual time: ten challenge acknowledgements, and what data out of the window are answered with.
        LayerCounters tcp = bench.Stack["TCP"];
        Assert.True(tcp.Dropped(DropCause.Unacceptable) > 20_000);
        Assert.True(tcp.Dropped(DropCause.RateLimited) > 0);
        await bench.SendAsync(RawHost.Tcp(TcpFlags.Ack | TcpFlags.Psh, Port, 2, _acknowledged, [.. "good"u8], 4000));
        Assert.True(connection.Input.TryRead(out System.IO.Pipelines.ReadResult read));
        Assert.Equal("good"u8, System.Buffers.BuffersExtensions.ToArray(read.Buffer));
        connection.Input.AdvanceTo(read.Buffer.End);
    });

    [Fact]
    public void AHundredThousandMutatedFramesAreAllCountedAndNothingStaysBehind()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Run(
            async (bench, forge) =>
            {
                await using TcpListener listener = (await bench.Stack.ListenAsync(Port))!;
                int actors = bench.Test.System.ActorCount;
                MutatedFrames frames = new(forge.Target, seed);
                const int Count = 100_000;
                long received = bench.Stack["Ethernet"].Received;
                for (int sent = 0; sent < Count; sent += 100)
                {
                    await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => frames.Next())]);
                    bench.Frames.Clear();
                }

                foreach (LayerCounters counters in bench.Stack.Counters)
                    output.WriteLine(counters.ToString());
                Assert.Equal(received + Count, bench.Stack["Ethernet"].Received);
                Assert.All(LayerLedger.Of(name => Counter(bench.Stack, name)), ledger => Assert.Equal(0, ledger.Missing));

                // The attacker's own entry may be wrong now, as on any Ethernet; the honest host's is not.
                await AssertAnsweredAtOnceAsync(bench);
                await ConnectAsync(bench, listener, 5000);
                // Half-open connections, fragments and questions have their end.
                await bench.AdvanceAsync(300);
                // The connection, and the DHCPv6 client if one of the frames became a router's advertisement that asks for it.
                Assert.InRange(bench.Test.System.ActorCount, actors + 1, actors + 2);
                Assert.Equal(0, bench.Stack.Link.Frames.RentedCount);
            },
            seed);
    }

    // "IPv4.received", "IPv4.dropped.Timeout": as the guest's report names them.
    private static long Counter(NetworkStack stack, string name)
    {
        string[] parts = name.Split('.');
        LayerCounters counters = stack[parts[0]];
        return parts[1] switch
        {
            "received" => counters.Received,
            "fragments" => counters.Fragments,
            "reassembled" => counters.Reassembled,
            _ => parts.Length == 2 ? counters.TotalDropped : counters.Dropped(Enum.Parse<DropCause>(parts[2])),
        };
    }

    private uint _acknowledged;

    private static void Run(Func<FrameBench, FrameForge, Task> scenario, int seed = 1) => FrameBench.RunReady(
        async bench =>
        {
            // The gateway, 10.0.0.1, is the honest host: it is known from now on.
            await bench.SendAsync(RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)));
            Ipv6Address own = bench.LinkLocal;
            AttackTarget target = new(
                FrameBench.StackHardware.Value, 0x0200_0000_0066, TwoStacks.SecondAddress.Value, AttackTarget.V4("10.0.102.102"), new(own.High, own.Low),
                AttackTarget.V6("fe80::66"), Port, TwoStacks.FirstAddress.Value);
            await scenario(bench, new(target, seed));
        },
        new() { Static = new(new(TwoStacks.SecondAddress, 16), TwoStacks.FirstAddress) },
        seed);

    private static async Task AssertAnsweredAtOnceAsync(FrameBench bench)
    {
        bench.Frames.Clear();
        await bench.SendAsync(RawHost.Ping(4242));
        Assert.Contains(bench.Frames, frame => RawHost.IsEchoReply(frame, 4242) && MacAddress.Read(frame) == RawHost.TestHardware);
    }

    private static async Task MeetPeerAsync(FrameBench bench)
    {
        await bench.SendAsync(FrameBench.Solicit(FrameBench.Peer, bench.LinkLocal), FrameBench.Echo(FrameBench.Peer, bench.LinkLocal));
        await AssertPeerAnsweredAtOnceAsync(bench);
    }

    private static async Task AssertPeerAnsweredAtOnceAsync(FrameBench bench)
    {
        bench.Frames.Clear();
        await bench.SendAsync(FrameBench.Echo(FrameBench.Peer, bench.LinkLocal));
        Assert.Contains(bench.Ipv6, frame => frame.Destination == FrameBench.Peer && frame.IsIcmp(Icmpv6Type.EchoReply) && frame.Hardware == FrameBench.Own);
    }

    // By hand, from 10.0.0.1: the frames that a client would send.
    private async Task<TcpConnection> ConnectAsync(FrameBench bench, TcpListener listener, ushort source)
    {
        bench.Frames.Clear();
        await bench.SendAsync(RawHost.Tcp(TcpFlags.Syn, Port, sequence: 1, source: source));
        byte[] answer = Assert.Single(bench.Frames, frame => frame[23] == (byte)IpProtocol.Tcp && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(36)) == source);
        Assert.Equal(TcpFlags.Syn | TcpFlags.Ack, (TcpFlags)answer[47]);
        _acknowledged = BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(38)) + 1;
        await bench.SendAsync(RawHost.Tcp(TcpFlags.Ack, Port, 2, _acknowledged, source: source));
        while (listener.TryAccept(out TcpConnection? connection))
        {
            if (connection.Key.Remote.Port == source && connection.Key.Remote.Address == TwoStacks.FirstAddress)
                return connection;
        }

        throw new InvalidOperationException("The connection was not accepted.");
    }
}
