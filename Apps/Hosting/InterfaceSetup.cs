using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>How one interface is set up. Without a static configuration, DHCP is asked on it.</summary>
public sealed record InterfaceSetup
{
    /// <summary>Address, network and gateway given by hand; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; init; }

    /// <summary>How IPv6 is done there; null for not at all.</summary>
    public Ipv6Configuration? Ipv6 { get; init; } = new();

    /// <summary>Of two interfaces that lead to a destination equally well, the one with the lower metric is taken; null for the interface's number.</summary>
    public int? Metric { get; init; }
}
