using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests.Interfaces;

/// <summary>A test at the far end of a link, in virtual time: it sends and sees frames.</summary>
internal sealed class LinkEnd(TestSystem test, InProcessLink link) : NetworkDeviceClient
{
    public MacAddress Hardware { get; } = new(link.FirstInformation.HardwareAddress.Value);

    public MacAddress StackHardware { get; } = new(link.SecondInformation.HardwareAddress.Value);

    /// <summary>The frames since they were cleared last, in order.</summary>
    public List<byte[]> Frames { get; } = [];

    /// <summary>The packets of IPv4 among them.</summary>
    public IEnumerable<byte[]> Packets => Frames.Where(static frame => frame[12] == 8 && frame[13] == 0).Select(static frame => frame[EthernetHeader.Length..]);

    public async Task AttachAsync() => await link.First.TellAsync(NetworkDeviceMessage.Attach(this));

    public async Task SendAsync(EtherType type, ReadOnlyMemory<byte> packet, MacAddress? destination = null)
    {
        Assert.True(link.FirstInformation.Batches.TryRent(out FrameBatch batch));
        Assert.True(link.FirstInformation.TransmitFrames.TryRent(out FrameBuffer frame));
        new EthernetHeader(destination ?? StackHardware, Hardware, type).Write(frame.Append(EthernetHeader.Length));
        frame.Append(packet.Span);
        batch.TryAdd(frame);
        await link.First.TellAsync(NetworkDeviceMessage.Transmit(batch));
        await test.WhenIdle();
    }

    public Task SendAsync(IpProtocol protocol, ReadOnlySpan<byte> payload, Ipv4Address source, Ipv4Address destination)
    {
        byte[] packet = new byte[Ipv4Header.Length + payload.Length];
        new Ipv4Header(source, destination, protocol, 1).Write(packet, payload.Length);
        payload.CopyTo(packet.AsSpan(Ipv4Header.Length));
        return SendAsync(EtherType.Ipv4, packet);
    }

    /// <summary>Answers the questions for an address with this test's own.</summary>
    public async Task AnswerArpAsync(Ipv4Address address)
    {
        foreach (byte[] frame in Frames.ToArray())
        {
            if (!RawHost.IsArp(frame, ArpOperation.Request, address))
                continue;
            ArpPacket.TryParse(frame.AsSpan(EthernetHeader.Length), out ArpPacket question);
            byte[] reply = new byte[ArpPacket.Length];
            question.ReplyFrom(Hardware).Write(reply);
            await SendAsync(EtherType.Arp, reply);
            return;
        }

        Assert.Fail($"Nobody asked for {address}.");
    }

    /// <summary>Answers the last DHCP message with an address, from a server.</summary>
    public async Task AnswerDhcpAsync(DhcpMessageType type, Ipv4Address offered, Ipv4Address server)
    {
        DhcpMessage question = Packets.Select(Question).OfType<DhcpMessage>().Last();
        byte[] datagram = new byte[608];
        int length = new DhcpMessage
        {
            Type = type,
            TransactionId = question.TransactionId,
            ClientHardware = question.ClientHardware,
            YourAddress = offered,
            ServerIdentifier = server,
            Mask = Ipv4Address.From(255, 255, 255, 0),
            NameServer = server,
            LeaseSeconds = 600,
        }.WriteReply(datagram.AsSpan(UdpHeader.Length));
        new UdpHeader(DhcpMessage.ServerPort, DhcpMessage.ClientPort, length).Write(datagram.AsSpan(0, UdpHeader.Length + length), server, offered);
        await SendAsync(IpProtocol.Udp, datagram.AsSpan(0, UdpHeader.Length + length), server, offered);
    }

    public static DhcpMessage? Question(byte[] packet) =>
        packet.Length > 28 && packet[9] == (byte)IpProtocol.Udp && DhcpMessage.TryParseRequest(packet.AsSpan(28), out DhcpMessage question) == WireError.None
            ? question
            : null;

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
}
