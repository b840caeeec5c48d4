using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>A finding that is remembered, and until when on the system's clock.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">A or AAAA.</param>
/// <param name="Result">What was found.</param>
/// <param name="Until">Until when it holds.</param>
[Sendable]
public sealed record DnsCacheEntry(string Name, DnsType Type, DnsResult Result, TimeSpan Until);

/// <summary>A request that waits for answers.</summary>
/// <param name="Request">What was asked for, and where the answer goes.</param>
/// <param name="Candidates">The names that are tried one after another.</param>
/// <param name="Candidate">Which of them is being asked for.</param>
/// <param name="A">What is known of its addresses of IPv4; null while that is asked.</param>
/// <param name="Aaaa">What is known of its addresses of IPv6; null while that is asked.</param>
/// <param name="Best">The best that earlier candidates came to; null for nothing.</param>
[Sendable]
public sealed record DnsLookupState(DnsRequest Request, ImmutableArray<string> Candidates, int Candidate, DnsResult? A, DnsResult? Aaaa, DnsResult? Best);

/// <summary>What one resolver hands to the next in a hot swap. Questions to servers are actors of their own and do not notice.</summary>
/// <param name="Cache">The findings.</param>
/// <param name="Lookups">The requests, each of which waits for a question that is out.</param>
[Sendable]
public sealed record DnsResolverState(ImmutableArray<DnsCacheEntry> Cache, ImmutableArray<DnsLookupState> Lookups);
