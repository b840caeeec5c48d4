using System.Collections.Concurrent;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>A stack at 10.0.0.2 with a gateway at 10.0.0.1, and a test that sends and sees whole frames at the other end of its link.</summary>
internal sealed class RawHost : NetworkDeviceClient, IAsyncDisposable
{
    private readonly BlockingCollection<byte[]> _frames = [];
    private readonly ActorSystem _system = new();
    private readonly InProcessLink _link;

    private RawHost() => _link = new(_system);

    public static MacAddress TestHardware => new(0x0200_0000_0001);

    public static MacAddress StackHardware => new(0x0200_0000_0002);

    public NetworkStack Stack { get; private set; } = null!;

    public ActorSystem System => _system;

    public static async Task<RawHost> StartAsync(bool dhcp = false)
    {
        RawHost host = new();
        await host._link.First.TellAsync(NetworkDeviceMessage.Attach(host));
        host.Stack = await NetworkStack.StartAsync(
            host._system, host._link.Second,
            new() { Static = dhcp ? null : new(new(TwoStacks.SecondAddress, 24), TwoStacks.FirstAddress) }, new SeededRandomness(3));
        // The announcement says that the address has reached the link layer: questions for it are answered from now on.
        if (!dhcp)
            host.Receive(frame => IsArp(frame, ArpOperation.Request, TwoStacks.SecondAddress));
        return host;
    }

    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind != NetworkDeviceEventKind.Received)
            return true;
        FrameBatch frames = deviceEvent.Frames;
        while (frames.TryTake(out FrameBuffer frame))
        {
            _frames.Add(frame.Data.ToArray());
            frame.Dispose();
        }

        frames.Dispose();
        return true;
    }

    public async Task SendAsync(params byte[][] frames)
    {
        foreach (byte[][] part in frames.Chunk(FrameBatchPool.DefaultBatchCapacity))
        {
            FrameBatch batch;
            while (!_link.FirstInformation.Batches.TryRent(out batch))
                await Task.Delay(1);
            foreach (byte[] bytes in part)
            {
                FrameBuffer frame;
                while (!_link.FirstInformation.TransmitFrames.TryRent(out frame))
                    await Task.Delay(1);
                frame.Append(bytes);
                batch.TryAdd(frame);
            }

            await _link.First.TellAsync(NetworkDeviceMessage.Transmit(batch));
        }
    }

    /// <summary>The next frame that a test accepts; what comes before it is dropped.</summary>
    public byte[] Receive(Func<byte[], bool> accept)
    {
        DateTime end = DateTime.UtcNow.AddSeconds(10);
        while (DateTime.UtcNow < end)
        {
            if (_frames.TryTake(out byte[]? frame, 100) && accept(frame))
                return frame;
        }

        throw new TimeoutException("The expected frame did not come.");
    }

    public static byte[] Ethernet(EtherType type, byte[] payload)
    {
        byte[] frame = new byte[Math.Max(60, EthernetHeader.Length + payload.Length)];
        new EthernetHeader(StackHardware, TestHardware, type).Write(frame);
        payload.CopyTo(frame, EthernetHeader.Length);
        return frame;
    }

    public static byte[] Ip(IpProtocol protocol, byte[] payload, Ipv4Address? source = null)
    {
        byte[] packet = new byte[Ipv4Header.Length + payload.Length];
        new Ipv4Header(source ?? TwoStacks.FirstAddress, TwoStacks.SecondAddress, protocol, 1).Write(packet, payload.Length);
        payload.CopyTo(packet, Ipv4Header.Length);
        return Ethernet(EtherType.Ipv4, packet);
    }

    public static byte[] Ping(ushort sequence, Ipv4Address? source = null)
    {
        byte[] message = new byte[40];
        message.AsSpan(8).Fill(0x5A);
        IcmpHeader.WriteEchoRequest(message, 77, sequence);
        return Ip(IpProtocol.Icmp, message, source);
    }

    public static byte[] Tcp(TcpFlags flags, ushort port, uint sequence = 1, uint acknowledgement = 0, byte[]? data = null)
    {
        byte[] segment = new byte[20 + (data?.Length ?? 0)];
        data?.CopyTo(segment, 20);
        new TcpHeader(4000, port, new(sequence), new(acknowledgement), flags, 1000, default).Write(segment, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
        return Ip(IpProtocol.Tcp, segment);
    }

    public Task AnswerArpAsync() => SendAsync(Arp(ArpPacket.Request(TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)));

    public static byte[] Arp(in ArpPacket packet)
    {
        byte[] bytes = new byte[ArpPacket.Length];
        packet.Write(bytes);
        return Ethernet(EtherType.Arp, bytes);
    }

    public static bool IsArp(byte[] frame, ArpOperation operation, Ipv4Address target) =>
        EthernetHeader.TryParse(frame, out EthernetHeader header) == WireError.None && header.Type == EtherType.Arp &&
        ArpPacket.TryParse(frame.AsSpan(EthernetHeader.Length), out ArpPacket packet) == WireError.None &&
        packet.Operation == operation && packet.TargetProtocol == target;

    public static bool IsEchoReply(byte[] frame, ushort sequence) =>
        frame.Length >= 42 && frame[23] == (byte)IpProtocol.Icmp && frame[34] == 0 && frame[40] == sequence >> 8 && frame[41] == (byte)sequence &&
        InternetChecksum.Compute(frame.AsSpan(34)) == 0;

    public ValueTask DisposeAsync() => _system.DisposeAsync();
}
