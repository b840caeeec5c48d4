using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>A question as a server sees it.</summary>
internal sealed record DnsAsked(ushort Id, string Name, DnsType Type, bool IsExtended, ushort Port, bool OverTcp)
{
    public static DnsAsked Read(ReadOnlySpan<byte> bytes, ushort port, bool overTcp)
    {
        int at = 12;
        Assert.True(DnsName.TryRead(bytes, ref at, out string name));
        return new(BinaryPrimitives.ReadUInt16BigEndian(bytes), name, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]), bytes[11] == 1, port, overTcp);
    }

    /// <summary>An answer with records of (owner, type, seconds, data) and, for a negative one, a zone's seconds.</summary>
    public byte[] Answer(DnsResponseCode code = DnsResponseCode.NoError, bool truncated = false, uint? negativeSeconds = null, params (string Owner, DnsType Type, uint Seconds, byte[] Data)[] records)
    {
        byte[] bytes = new byte[2000];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Id);
        bytes[2] = (byte)(0x81 | (truncated ? 2 : 0));
        bytes[3] = (byte)(0x80 | (byte)code);
        bytes[5] = 1;
        bytes[7] = (byte)records.Length;
        bytes[9] = negativeSeconds is null ? (byte)0 : (byte)1;
        int at = 12 + DnsName.Write(bytes.AsSpan(12), Name);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)Type);
        bytes[at + 3] = 1;
        at += 4;
        foreach ((string owner, DnsType type, uint seconds, byte[] data) in records)
            Add(owner, type, seconds, data);
        if (negativeSeconds is { } minimum)
        {
            byte[] soa = new byte[22];
            BinaryPrimitives.WriteUInt32BigEndian(soa.AsSpan(18), minimum);
            Add("", DnsType.Soa, minimum + 1000, soa);
        }

        return bytes[..at];

        void Add(string owner, DnsType type, uint seconds, byte[] data)
        {
            at += DnsName.Write(bytes.AsSpan(at), owner);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)type);
            bytes[at + 3] = 1;
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at + 4), seconds);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at + 8), (ushort)data.Length);
            data.CopyTo(bytes, at + 10);
            at += 10 + data.Length;
        }
    }

    /// <summary>The addresses of the type asked for; an empty answer if there are none.</summary>
    public byte[] Addresses(uint seconds, params string[] addresses)
    {
        List<(string, DnsType, uint, byte[])> records = [];
        foreach (string text in addresses)
        {
            Assert.True(IpAddress.TryParse(text, out IpAddress address));
            if (address.IsIpv4 == (Type == DnsType.A))
                records.Add((Name, Type, seconds, address.ToIPAddress().GetAddressBytes()));
        }

        return Answer(negativeSeconds: records.Count == 0 ? 60 : null, records: [.. records]);
    }

    public static byte[] NameData(string name)
    {
        byte[] bytes = new byte[DnsName.MaximumLength];
        return bytes[..DnsName.Write(bytes, name)];
    }
}

/// <summary>A DNS server on a stack: what it answers is the test's choice; null is silence, and before it may come what somebody else says.</summary>
internal sealed class FakeDnsServer(
    ActorRef<UdpMessage> udp, LinkResources link, Func<DnsAsked, byte[]?> answer, Func<DnsAsked, IEnumerable<(byte[] Reply, ushort FromPort)>>? forged = null) : Actor<FakeDnsServer.Message>
{
    public readonly struct Message(UdpDatagram datagram) : IDisposable
    {
        public UdpDatagram Datagram { get; } = datagram;

        public void Dispose() => Datagram.Dispose();
    }

    /// <summary>All questions so far.</summary>
    public List<DnsAsked> Asked { get; } = [];

    public UdpReceiver ReceiverFor(ActorRef<Message> self) => new Receiver(self);

    protected override async ValueTask ReceiveAsync(Message message)
    {
        DnsAsked asked;
        IpEndPoint from, to;
        using (UdpDatagram datagram = message.Datagram)
        {
            asked = DnsAsked.Read(datagram.Payload.Data, datagram.Source.Port, overTcp: false);
            (from, to) = (datagram.Source, datagram.Destination);
        }

        Asked.Add(asked);
        foreach ((byte[] bytes, ushort fromPort) in forged?.Invoke(asked) ?? [])
            await SendAsync(bytes, new(to.Address, fromPort), from);
        if (answer(asked) is { } reply)
            await SendAsync(reply, to, from);
    }

    private async ValueTask SendAsync(byte[] reply, IpEndPoint from, IpEndPoint to)
    {
        // In time for all of them: what is looked at is what becomes of them at their destination, not what a link loses.
        FrameBuffer frame;
        while (!link.Frames.TryRent(out frame))
            await Task.Delay(TimeSpan.FromMicroseconds(10), Context.Time);
        frame.Append(reply);
        await udp.TellAsync(UdpMessage.Send(new(frame, from, to)));
    }

    private sealed class Receiver(ActorRef<Message> self) : UdpReceiver
    {
        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram) => self.TryTell(new(datagram));
    }
}
