namespace Troupe.Net.Contracts;

/// <summary>The limits and times that the internet layers of both versions share.</summary>
public sealed record InternetConfiguration
{
    /// <summary>Datagrams being put together from fragments, of both versions together; each holds a buffer of 64 KiB. The oldest gives way.</summary>
    public int Reassemblies { get; init; } = 16;

    /// <summary>Fragments of one datagram.</summary>
    public int FragmentsPerDatagram { get; init; } = 64;

    /// <summary>How long fragments wait for the others (RFC 1122 3.3.2 and RFC 8200 4.5 say 60 s; Linux waits 30 s for IPv4).</summary>
    public TimeSpan ReassemblyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Destinations whose path takes less than the link; the one longest known gives way.</summary>
    public int PathMtuEntries { get; init; } = 1024;

    /// <summary>RFC 1191 6.3 and RFC 8201 4: how long such a finding is believed, at least five minutes.</summary>
    public TimeSpan PathMtuLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The least a path of IPv4 is believed to take; less is somebody's attempt to slow us down.</summary>
    public int MinimumPathMtu { get; init; } = 552;

    /// <summary>Groups of IPv4 listened to.</summary>
    public int Groups { get; init; } = 64;

    /// <summary>ICMP errors a second and layer (RFC 1812 4.3.2.8, RFC 4443 2.4 f).</summary>
    public int ErrorsPerSecond { get; init; } = 100;
}
