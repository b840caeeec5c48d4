using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>A frame that passed the link, and when.</summary>
internal sealed class Frame(byte[] bytes, TimeSpan at, bool isFromHost)
{
    public byte[] Bytes => bytes;

    public TimeSpan At => at;

    public bool IsFromHost => isFromHost;

    /// <summary>What it is in the language of scripts.</summary>
    public string Description { get; set; } = "";

    public MacAddress Destination => MacAddress.Read(bytes);

    public byte[] Packet => bytes[EthernetHeader.Length..];

    private EtherType Type => (EtherType)((bytes[12] << 8) | bytes[13]);

    /// <summary>The name of its protocol in scripts.</summary>
    public string Protocol => Type switch
    {
        EtherType.Arp => "arp",
        EtherType.Ipv4 when Ip.IsFragment => "ip",
        EtherType.Ipv4 => Ip.Protocol switch
        {
            IpProtocol.Tcp => "tcp",
            IpProtocol.Udp => UdpPorts is (DhcpMessage.ClientPort, _) or (DhcpMessage.ServerPort, _) ? "dhcp" : "udp",
            IpProtocol.Icmp => "icmp",
            IpProtocol.Igmp => "igmp",
            _ => "ip",
        },
        EtherType.Ipv6 when bytes[20] == (byte)IpProtocol.Icmpv6 && bytes[54] is not (132 or 131 or 143) => "icmp6",
        _ => "other",
    };

    public Ipv4View Ip => Ipv4View.OfValidated(bytes.AsSpan(EthernetHeader.Length));

    /// <summary>The octets behind the IPv4 header.</summary>
    public byte[] Payload => Ip.Payload.ToArray();

    public int TrafficClass => bytes[EthernetHeader.Length + 1];

    private (int, int) UdpPorts => ((Payload[0] << 8) | Payload[1], (Payload[2] << 8) | Payload[3]);
}
