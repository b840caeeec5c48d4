using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>Which addresses of a name are wanted.</summary>
[Flags]
public enum DnsFamilies : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Those of IPv4.</summary>
    Ipv4 = 1,

    /// <summary>Those of IPv6.</summary>
    Ipv6 = 2,

    /// <summary>Both.</summary>
    Both = Ipv4 | Ipv6,
}

/// <summary>How a lookup ended.</summary>
public enum DnsStatus : byte
{
    /// <summary>There are addresses.</summary>
    Found,

    /// <summary>There is no such name.</summary>
    NoSuchName,

    /// <summary>The name has no address of the wanted families.</summary>
    NoAddress,

    /// <summary>No server gave an answer; another time one may. Also when there is no server, or too much is being asked.</summary>
    TryAgain,

    /// <summary>What was asked for is no name.</summary>
    BadName,
}

/// <summary>What a lookup found.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Addresses">The addresses, those first that this host has an address to talk to from (RFC 6724 6, rule 1 and 2).</param>
/// <param name="Name">The name that has them in the end, after search domains and other names.</param>
[Sendable]
public sealed record DnsResult(DnsStatus Status, ImmutableArray<IpAddress> Addresses, string Name)
{
    /// <summary>An end without addresses.</summary>
    public static DnsResult Without(DnsStatus status, string name) => new(status, [], name);
}

/// <summary>Asks for the addresses of a name. Without a dot at its end, the search domains are tried as well.</summary>
[Sendable]
public sealed record DnsRequest(string Name, DnsFamilies Families, Reply<DnsResult> Reply);

/// <summary>What a server said of one name and type, from a question's actor to the resolver.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">A or AAAA.</param>
/// <param name="Result">What was found.</param>
/// <param name="Seconds">How long that holds; 0 for not beyond now.</param>
[Sendable]
public sealed record DnsFinding(string Name, DnsType Type, DnsResult Result, uint Seconds);

/// <summary>To the resolver: a request, or a finding.</summary>
public readonly struct DnsMessage
{
    [SendableByContract("A DnsRequest or a DnsFinding: the factories below put nothing else in.")]
    private readonly object? _subject;

    private DnsMessage(object subject) => _subject = subject;

    /// <summary>The request, if it is one.</summary>
    public DnsRequest? Request => _subject as DnsRequest;

    /// <summary>The finding, if it is one.</summary>
    public DnsFinding? Finding => _subject as DnsFinding;

    /// <summary>Asks for addresses.</summary>
    public static DnsMessage Resolve(DnsRequest request) => new(request);

    /// <summary>A question has ended.</summary>
    public static DnsMessage Found(DnsFinding finding) => new(finding);
}
