// RFC 1035 7.4 and RFC 2308: what was found, and what was found not to be, for as long as the answer said.
using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Dns;

/// <summary>Findings by name and type; bounded, and each has its end.</summary>
public sealed class DnsCache(DnsConfiguration configuration)
{
    private readonly Dictionary<(string Name, DnsType Type), (DnsResult Result, TimeSpan Until)> _entries = [];

    /// <summary>Findings remembered.</summary>
    public int Count => _entries.Count;

    /// <summary>What is known of a name.</summary>
    public DnsResult? Find(string name, DnsType type, TimeSpan now)
    {
        if (!_entries.TryGetValue((name, type), out (DnsResult Result, TimeSpan Until) entry))
            return null;
        if (now < entry.Until)
            return entry.Result;
        _entries.Remove((name, type));
        return null;
    }

    /// <summary>Remembers a finding, if it holds beyond now. That no server answered is not remembered.</summary>
    public void Add(DnsFinding finding, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(finding);
        bool negative = finding.Result.Status is DnsStatus.NoSuchName or DnsStatus.NoAddress;
        if (finding.Seconds == 0 || (!negative && finding.Result.Status != DnsStatus.Found))
            return;
        TimeSpan lifetime = TimeSpan.FromSeconds(finding.Seconds);
        TimeSpan longest = negative ? configuration.LongestNegativeLifetime : configuration.LongestLifetime;
        if (_entries.Count >= configuration.CacheEntries && !_entries.ContainsKey((finding.Name, finding.Type)))
            Evict();
        _entries[(finding.Name, finding.Type)] = (finding.Result, now + (lifetime < longest ? lifetime : longest));
    }

    /// <summary>The findings, as a hot swap hands them on.</summary>
    public ImmutableArray<DnsCacheEntry> Export() =>
        [.. _entries.Select(static entry => new DnsCacheEntry(entry.Key.Name, entry.Key.Type, entry.Value.Result, entry.Value.Until))];

    /// <summary>Takes over the findings of a predecessor.</summary>
    public void Import(ImmutableArray<DnsCacheEntry> findings)
    {
        foreach (DnsCacheEntry finding in findings.Take(configuration.CacheEntries))
            _entries[(finding.Name, finding.Type)] = (finding.Result, finding.Until);
    }

    private void Evict()
    {
        (string, DnsType)? first = null;
        TimeSpan until = TimeSpan.MaxValue;
        foreach (((string, DnsType) key, (DnsResult Result, TimeSpan Until) entry) in _entries)
        {
            if (entry.Until < until)
                (first, until) = (key, entry.Until);
        }

        if (first is { } victim)
            _entries.Remove(victim);
    }
}
