namespace Troupe.Net.Contracts;

/// <summary>The limits and times of the DNS resolver.</summary>
public sealed record DnsConfiguration
{
    /// <summary>How long a server has for an answer, the first time; twice as long in each further round.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often each server is asked.</summary>
    public int Rounds { get; init; } = 2;

    /// <summary>Servers asked at most.</summary>
    public int Servers { get; init; } = 3;

    /// <summary>Dots in a name from which on it is tried as it is before the search domains are.</summary>
    public int Dots { get; init; } = 1;

    /// <summary>Search domains tried at most.</summary>
    public int SearchDomains { get; init; } = 6;

    /// <summary>Addresses taken of one name and type.</summary>
    public int AddressesPerName { get; init; } = 32;

    /// <summary>Other names (CNAME) followed for one question.</summary>
    public int Aliases { get; init; } = 8;

    /// <summary>Questions on their way at a time; more wait for nobody and end as <see cref="DnsStatus.TryAgain"/>.</summary>
    public int Questions { get; init; } = 256;

    /// <summary>Requests that wait for answers at a time.</summary>
    public int Requests { get; init; } = 1024;

    /// <summary>Answers remembered; the one that would be over first gives way.</summary>
    public int CacheEntries { get; init; } = 1024;

    /// <summary>An answer is remembered no longer, whatever it says (RFC 8767 4 suggests a week, Linux' resolvers a day).</summary>
    public TimeSpan LongestLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>That there is nothing is remembered no longer (RFC 2308 5: one to three hours).</summary>
    public TimeSpan LongestNegativeLifetime { get; init; } = TimeSpan.FromHours(1);
}
