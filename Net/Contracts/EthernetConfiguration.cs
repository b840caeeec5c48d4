namespace Troupe.Net.Contracts;

/// <summary>The limits and times of the link layer.</summary>
public sealed record EthernetConfiguration
{
    /// <summary>Neighbours remembered.</summary>
    public int ArpEntries { get; init; } = 512;

    /// <summary>Batches of packets that wait for one neighbour's answer.</summary>
    public int ArpWaitingBatches { get; init; } = 4;

    /// <summary>Packets that wait for any neighbour's answer: each holds a frame of the device's. Those that waited longest give way.</summary>
    public int ArpWaitingPackets { get; init; } = 64;

    /// <summary>How long an answer is taken for granted (RFC 1122 2.3.2.1: on the order of a minute); as long again it is used while being asked about.</summary>
    public TimeSpan ArpLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>RFC 1122 2.3.2.1: at most one request a second for one neighbour.</summary>
    public TimeSpan ArpRequestInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// RFC 5227 1.1, PROBE_NUM: questions whether somebody has an address, before a DHCP client takes it. The RFC says 3, which take four to seven
    /// seconds; with 0 it is taken at once, and a conflict is found by those who then answer.
    /// </summary>
    public int AddressProbes { get; init; }

    /// <summary>Requests before a neighbour counts as unreachable.</summary>
    public int ArpRequests { get; init; } = 3;
}
