using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What an interface knows of its network, from the command line or from DHCP.</summary>
public sealed record InterfaceConfiguration(Ipv4Network Network, Ipv4Address? Gateway = null, Ipv4Address? NameServer = null)
{
    /// <summary>The own address.</summary>
    public Ipv4Address Address => Network.Address;
}
