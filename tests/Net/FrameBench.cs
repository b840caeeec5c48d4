using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>An IPv6 packet as it left the stack.</summary>
internal sealed record Ipv6Frame(MacAddress Hardware, Ipv6Address Source, Ipv6Address Destination, byte Next, byte Hops, byte[] Payload, byte[] Packet)
{
    public bool IsIcmp(Icmpv6Type type) => Next == (byte)IpProtocol.Icmpv6 && Payload[0] == (byte)type;
}

/// <summary>
/// A whole stack in virtual time, on one thread, and a test at the other end of its link that sends and sees frames.
/// Nothing is waited for: what a frame causes has happened when <see cref="SendAsync"/> returns.
/// </summary>
internal sealed class FrameBench : NetworkDeviceClient
{
    public static readonly MacAddress Own = new(0x0200_0000_0001);
    public static readonly MacAddress StackHardware = new(0x0200_0000_0002);
    public static readonly Ipv6Address Router = V6("fe80::1");
    public static readonly Ipv6Address Peer = V6("fe80::99");

    private InProcessLink _link = null!;

    public TestSystem Test { get; private set; } = null!;

    public NetworkStack Stack { get; private set; } = null!;

    /// <summary>The frames since they were cleared last, in order.</summary>
    public List<byte[]> Frames { get; } = [];

    public IEnumerable<Ipv6Frame> Ipv6 => Frames.Where(static frame => frame[12] == 0x86 && frame[13] == 0xDD).Select(Read);

    /// <summary>The link-local address the stack gave itself.</summary>
    public Ipv6Address LinkLocal => Stack.Addresses.Ipv6.First(own => own.Address.IsLinkLocal).Address.Ipv6;

    public static void Run(Func<FrameBench, Task> scenario, NetworkConfiguration? configuration = null, int seed = 1) => TestSystem.Run(
        async test =>
        {
            FrameBench bench = new() { Test = test, _link = new(test.System) };
            await bench._link.First.TellAsync(NetworkDeviceMessage.Attach(bench));
            bench.Stack = await NetworkStack.StartAsync(
                test.System, bench._link.Second,
                configuration ?? new() { Static = new(new(TwoStacks.SecondAddress, 24), TwoStacks.FirstAddress) }, new SeededRandomness(seed));
            await scenario(bench);
            Assert.Equal(0, test.System.FailureCount);
            Assert.Equal(0, bench.Stack.Link.Frames.MisuseCount);
        },
        new TestOptions { Seed = seed });

    /// <summary>A bench whose stack has its link-local address.</summary>
    public static void RunReady(Func<FrameBench, Task> scenario, NetworkConfiguration? configuration = null, int seed = 1) => Run(
        async bench =>
        {
            await bench.AdvanceAsync(20);
            bench.Frames.Clear();
            await scenario(bench);
        },
        configuration, seed);

    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind != NetworkDeviceEventKind.Received)
            return true;
        FrameBatch frames = deviceEvent.Frames;
        while (frames.TryTake(out FrameBuffer frame))
        {
            Frames.Add(frame.Data.ToArray());
            frame.Dispose();
        }

        frames.Dispose();
        return true;
    }

    public async Task SendAsync(params byte[][] frames)
    {
        foreach (byte[][] part in frames.Chunk(FrameBatchPool.DefaultBatchCapacity))
        {
            Assert.True(_link.FirstInformation.Batches.TryRent(out FrameBatch batch));
            foreach (byte[] bytes in part)
            {
                Assert.True(_link.FirstInformation.TransmitFrames.TryRent(out FrameBuffer frame));
                frame.Append(bytes);
                batch.TryAdd(frame);
            }

            await _link.First.TellAsync(NetworkDeviceMessage.Transmit(batch));
            await Test.WhenIdle();
        }
    }

    public Task AdvanceAsync(double seconds) => Test.AdvanceAsync(TimeSpan.FromSeconds(seconds));

    public static Ipv6Address V6(string text) => Ipv6Address.TryParse(text, out Ipv6Address address) ? address : throw new FormatException(text);

    public static byte[] Ipv6Packet(Ipv6Address source, Ipv6Address destination, byte next, ReadOnlySpan<byte> payload, byte hops = 64, bool toAll = false)
    {
        byte[] frame = new byte[Math.Max(60, EthernetHeader.Length + Ipv6Header.Length + payload.Length)];
        MacAddress hardware = destination.IsMulticast && toAll ? destination.MulticastHardware : StackHardware;
        new EthernetHeader(hardware, Own, EtherType.Ipv6).Write(frame);
        new Ipv6Header(source, destination, (IpProtocol)next, hops).Write(frame.AsSpan(EthernetHeader.Length), payload.Length);
        payload.CopyTo(frame.AsSpan(EthernetHeader.Length + Ipv6Header.Length));
        return frame;
    }

    public static byte[] Icmp(Ipv6Address source, Ipv6Address destination, Icmpv6Header header, ReadOnlySpan<byte> body, byte hops = 255)
    {
        byte[] message = new byte[Icmpv6Header.Length + body.Length];
        body.CopyTo(message.AsSpan(Icmpv6Header.Length));
        header.Write(message, source, destination);
        return Ipv6Packet(source, destination, (byte)IpProtocol.Icmpv6, message, hops);
    }

    public static byte[] Echo(Ipv6Address source, Ipv6Address destination, uint value = 0x0001_0002, int length = 32) =>
        Icmp(source, destination, new(Icmpv6Type.EchoRequest, 0, value), new byte[length], 64);

    /// <summary>Who has the target, from a neighbour with this test's link address.</summary>
    public static byte[] Solicit(Ipv6Address source, Ipv6Address target, byte hops = 255)
    {
        NeighborSolicitation solicitation = new(target, source.IsAny ? null : Own);
        byte[] message = new byte[solicitation.Length];
        Ipv6Address destination = target.SolicitedNode;
        solicitation.Write(message, source, destination);
        return Ipv6Packet(source, destination, (byte)IpProtocol.Icmpv6, message, hops, toAll: true);
    }

    public static byte[] Advertise(Ipv6Address source, Ipv6Address destination, NeighborAdvertisement advertisement, byte hops = 255)
    {
        byte[] message = new byte[advertisement.Length];
        advertisement.Write(message, source, destination);
        return Ipv6Packet(source, destination, (byte)IpProtocol.Icmpv6, message, hops, toAll: true);
    }

    /// <summary>A router's advertisement with a prefix 2001:db8::/64 unless told otherwise.</summary>
    public static byte[] AdvertiseRouter(
        ushort lifetime = 1800, uint valid = 86_400, uint preferred = 14_400, string prefix = "2001:db8::", byte hops = 255, byte[]? more = null, Ipv6Address? router = null,
        byte flags = 0)
    {
        byte[] body = new byte[8 + 8 + 32 + (more?.Length ?? 0)];
        body[8] = 1;
        body[9] = 1;
        Own.Write(body.AsSpan(10));
        Span<byte> option = body.AsSpan(16);
        option[0] = 3;
        option[1] = 4;
        option[2] = 64;
        option[3] = 0xC0;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(option[4..], valid);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(option[8..], preferred);
        V6(prefix).Write(option[16..]);
        more?.CopyTo(body.AsSpan(48));
        return Icmp(router ?? Router, Ipv6Address.AllNodes, new(Icmpv6Type.RouterAdvertisement, 0, (64u << 24) | ((uint)flags << 16) | lifetime), body, hops);
    }

    private static Ipv6Frame Read(byte[] frame)
    {
        EthernetHeader.TryParse(frame, out EthernetHeader ethernet);
        byte[] packet = frame[EthernetHeader.Length..];
        Assert.Equal(WireError.None, Ipv6View.TryParse(packet, out Ipv6View view));
        Ipv6Walk walk = Ipv6Extensions.Walk(packet, view.NextHeader, Ipv6Header.Length);
        return new(ethernet.Destination, view.Source, view.Destination, walk.NextHeader, view.HopLimit, packet[walk.Offset..view.TotalLength], packet);
    }
}
