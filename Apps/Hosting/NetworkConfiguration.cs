using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>How a network stack is set up. Without a static configuration, DHCP is asked.</summary>
public sealed record NetworkConfiguration
{
    /// <summary>Address, network and gateway given by hand; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; init; }

    /// <summary>Limits and times of the link layer.</summary>
    public EthernetConfiguration Ethernet { get; init; } = new();

    /// <summary>Limits and times of TCP.</summary>
    public TcpConfiguration Tcp { get; init; } = new();
}
