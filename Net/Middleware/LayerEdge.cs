namespace Troupe.Net.Middleware;

/// <summary>An edge between two layers, one a direction.</summary>
public enum LayerEdge
{
    /// <summary>From the device to Ethernet: whole frames.</summary>
    DeviceToEthernet,

    /// <summary>From Ethernet to the device: whole frames.</summary>
    EthernetToDevice,

    /// <summary>From Ethernet to IPv4: packets.</summary>
    EthernetToIpv4,

    /// <summary>From IPv4 to Ethernet: packets.</summary>
    Ipv4ToEthernet,

    /// <summary>From Ethernet to IPv6: packets.</summary>
    EthernetToIpv6,

    /// <summary>From IPv6 to Ethernet: packets.</summary>
    Ipv6ToEthernet,

    /// <summary>From both internet layers to TCP: packets.</summary>
    InternetToTcp,

    /// <summary>From both internet layers to UDP: packets.</summary>
    InternetToUdp,

    /// <summary>From both transports to IPv4: segments without a header.</summary>
    TransportToIpv4,

    /// <summary>From both transports to IPv6: segments without a header.</summary>
    TransportToIpv6,
}
