using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Ethernet headers.</summary>
internal sealed class EthernetTarget() : FuzzTarget("ethernet")
{
    public override IEnumerable<byte[]> Seeds => [Packets.Ethernet(EtherType.Ipv4, [1, 2, 3])];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (EthernetHeader.TryParse(input, out EthernetHeader header) != WireError.None)
            return;
        byte[] written = new byte[EthernetHeader.Length];
        header.Write(written);
        RequireSame(input[..EthernetHeader.Length], written, "header");
    }
}

/// <summary>ARP packets.</summary>
internal sealed class ArpTarget() : FuzzTarget("arp")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] bytes = new byte[ArpPacket.Length];
            ArpPacket.Request(new(0x0200_0000_0001), Packets.First, Packets.Second).Write(bytes);
            yield return bytes;
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (ArpPacket.TryParse(input, out ArpPacket packet) != WireError.None)
            return;
        byte[] written = new byte[ArpPacket.Length];
        packet.Write(written);
        RequireSame(input[..ArpPacket.Length], written, "packet");
        packet.ReplyFrom(new(0x0200_0000_0002)).Write(written);
    }
}
