// IEEE 802 Numbers (IANA): protocol types of Ethernet II frames.
namespace Troupe.Net.Wire;

/// <summary>What an Ethernet frame carries.</summary>
public enum EtherType : ushort
{
    /// <summary>RFC 894.</summary>
    Ipv4 = 0x0800,

    /// <summary>RFC 826.</summary>
    Arp = 0x0806,

    /// <summary>RFC 2464.</summary>
    Ipv6 = 0x86DD,
}
