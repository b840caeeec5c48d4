// RFC 3376, RFC 2236: what routers are told of the groups a host listens to.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class GroupMembershipTests
{
    private static readonly Ipv4Address Peer = TwoStacks.FirstAddress;
    private static readonly Ipv4Address Own = TwoStacks.SecondAddress;
    private static readonly Ipv4Address Group = Ipv4Address.From(239, 1, 2, 3);

    [Fact]
    public void AJoinIsReportedTwiceAndALeaveOnce() => Run(async bench =>
    {
        await JoinAsync(bench);
        await bench.AdvanceAsync(3);
        byte[][] reports = [.. Igmp(bench)];
        Assert.Equal(2, reports.Length);
        Assert.All(reports, static packet => AssertV3(packet, MulticastRecord.ChangeToExclude));
        bench.Frames.Clear();
        await bench.Stack.Ipv4.TellAsync(IpMessage.Leave(Group));
        await bench.AdvanceAsync(3);
        AssertV3(Assert.Single(Igmp(bench)), MulticastRecord.ChangeToInclude);
    });

    [Fact]
    public void AReportIsOfOneHopWithARouterAlertToTheGroupsHardware() => Run(async bench =>
    {
        await JoinAsync(bench);
        byte[] frame = bench.Frames.First(static frame => IsIgmp(frame));
        // 224.0.0.22, RFC 1112 6.4.
        Assert.Equal(new MacAddress(0x0100_5E00_0016), MacAddress.Read(frame));
        byte[] packet = frame[14..];
        Assert.Equal((byte)0x46, packet[0]);
        Assert.Equal((byte)1, packet[8]);
        Assert.Equal([0x94, 4, 0, 0], packet[20..24]);
        Assert.Equal(0, InternetChecksum.Compute(packet.AsSpan(0, 24)));
        Assert.Equal(0, InternetChecksum.Compute(packet.AsSpan(24, 16)));
    });

    [Fact]
    public void AQueryIsAnsweredWithinItsTime() => Run(async bench =>
    {
        await JoinAsync(bench);
        await bench.AdvanceAsync(3);
        bench.Frames.Clear();
        await bench.SendAsync(Query(tenths: 50, version3: true));
        await bench.AdvanceAsync(5);
        AssertV3(Assert.Single(Igmp(bench)), MulticastRecord.ModeIsExclude);
    });

    [Fact]
    public void ARouterOfVersionTwoIsToldInItsWords() => Run(async bench =>
    {
        await bench.SendAsync(Query(tenths: 20, version3: false));
        await bench.AdvanceAsync(1);
        await JoinAsync(bench);
        byte[] report = Igmp(bench).First();
        Assert.Equal((IgmpType.ReportV2, Group), ((IgmpType)report[24], Ipv4Address.Read(report.AsSpan(16))));
        bench.Frames.Clear();
        await bench.Stack.Ipv4.TellAsync(IpMessage.Leave(Group));
        await bench.AdvanceAsync(1);
        byte[] leave = Assert.Single(Igmp(bench));
        Assert.Equal((IgmpType.Leave, Ipv4Address.AllRouters), ((IgmpType)leave[24], Ipv4Address.Read(leave.AsSpan(16))));
    });

    [Fact]
    public void AReportOfSomebodyElseIsEnoughForAnOlderRouter() => Run(async bench =>
    {
        await JoinAsync(bench);
        await bench.AdvanceAsync(3);
        bench.Frames.Clear();
        byte[] heard = new byte[8];
        IgmpMessage.Write(heard, IgmpType.ReportV2, Group);
        await bench.SendAsync(Query(tenths: 100, version3: false), Packet(heard, Group));
        await bench.AdvanceAsync(12);
        Assert.Empty(Igmp(bench));
    });

    [Fact]
    public void AQueryThatCameOverARouterIsNobodys() => Run(async bench =>
    {
        await JoinAsync(bench);
        await bench.AdvanceAsync(3);
        bench.Frames.Clear();
        await bench.SendAsync(Query(tenths: 10, version3: true, hops: 2));
        await bench.AdvanceAsync(3);
        Assert.Empty(Igmp(bench));
    });

    [Fact]
    public void ANewAddressIsToldWithTheGroups() => Run(async bench =>
    {
        await JoinAsync(bench);
        await bench.AdvanceAsync(3);
        bench.Frames.Clear();
        await bench.Stack.ConfigureAsync(new(new(Ipv4Address.From(10, 0, 0, 9), 24)));
        await bench.AdvanceAsync(3);
        Assert.Equal(2, Igmp(bench).Count());
        Assert.Equal(Ipv4Address.From(10, 0, 0, 9), Ipv4Address.Read(Igmp(bench).First().AsSpan(12)));
    });

    [Fact]
    public void MoreGroupsThanThereMayBeAreCounted() => Run(async bench =>
    {
        for (byte number = 0; number < 70; number++)
            await bench.Stack.Ipv4.TellAsync(IpMessage.Join(Ipv4Address.From(239, 9, 9, number)));
        await bench.AdvanceAsync(1);
        Assert.Equal(6, bench.Stack["IPv4"].Dropped(DropCause.TableFull));
    });

    private static async Task JoinAsync(FrameBench bench)
    {
        await bench.Stack.Ipv4.TellAsync(IpMessage.Join(Group));
        await bench.AdvanceAsync(0.1);
    }

    private static void AssertV3(byte[] packet, MulticastRecord record)
    {
        Assert.Equal(Ipv4Address.AllIgmpRouters, Ipv4Address.Read(packet.AsSpan(16)));
        Assert.Equal((IgmpType.ReportV3, record, Group), ((IgmpType)packet[24], (MulticastRecord)packet[32], Ipv4Address.Read(packet.AsSpan(36))));
    }

    private static bool IsIgmp(byte[] frame) => frame[12] == 8 && frame[13] == 0 && frame[23] == (byte)IpProtocol.Igmp;

    private static IEnumerable<byte[]> Igmp(FrameBench bench) => bench.Frames.Where(IsIgmp).Select(static frame => frame[14..]);

    private static byte[] Query(byte tenths, bool version3, byte hops = 1)
    {
        byte[] message = new byte[version3 ? 12 : 8];
        message[0] = (byte)IgmpType.Query;
        message[1] = tenths;
        ushort checksum = InternetChecksum.Compute(message);
        (message[2], message[3]) = ((byte)(checksum >> 8), (byte)checksum);
        return Packet(message, Ipv4Address.AllHosts, hops);
    }

    private static byte[] Packet(byte[] message, Ipv4Address destination, byte hops = 1)
    {
        byte[] packet = new byte[Ipv4Header.Length + message.Length];
        message.CopyTo(packet, Ipv4Header.Length);
        new Ipv4Header(Peer, destination, IpProtocol.Igmp, 1, hops).Write(packet, message.Length);
        return RawHost.Ethernet(EtherType.Ipv4, packet);
    }

    private static void Run(Func<FrameBench, Task> scenario) => FrameBench.Run(
        async bench =>
        {
            await bench.AdvanceAsync(5);
            bench.Frames.Clear();
            await scenario(bench);
        },
        new() { Ipv6 = null, Static = new(new(Own, 24), Peer) });
}
