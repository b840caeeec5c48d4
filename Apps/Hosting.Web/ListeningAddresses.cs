using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting.Web;

/// <summary>Where a server can be reached, which grows as interfaces get their addresses.</summary>
/// <param name="bound">What it listens on, as ASP.NET Core says it: <c>http://[::]:8080</c>.</param>
internal sealed class ListeningAddresses(IReadOnlyCollection<string> bound)
{
    private const string AnyIpv4 = "0.0.0.0";
    private const string AnyOfBoth = "[::]";

    private readonly HashSet<string> _taken = [];

    /// <summary>The addresses that were not taken before, in the order of the interfaces, of IPv4 first. Those of a link alone are left out: to others they say nothing.</summary>
    public IReadOnlyList<string> Take(InternetLayers internet)
    {
        List<string> found = [];
        foreach (string address in bound)
        {
            if (address.Contains(AnyOfBoth, StringComparison.Ordinal))
                found.AddRange(Ipv4(internet).Concat(Ipv6(internet)).Select(host => address.Replace(AnyOfBoth, host, StringComparison.Ordinal)));
            else if (address.Contains(AnyIpv4, StringComparison.Ordinal))
                found.AddRange(Ipv4(internet).Select(host => address.Replace(AnyIpv4, host, StringComparison.Ordinal)));
            else
                found.Add(address);
        }

        return [.. found.Where(_taken.Add)];
    }

    /// <summary>The same where the network is the host's: by its own name.</summary>
    public IEnumerable<string> OnHost() =>
        bound.Select(static address => address.Replace(AnyOfBoth, "localhost", StringComparison.Ordinal).Replace(AnyIpv4, "localhost", StringComparison.Ordinal));

    private static IEnumerable<string> Ipv4(InternetLayers internet) =>
        internet.Interfaces.SelectMany(static one => one.Addresses.Ipv4).Select(static own => own.Address.ToString());

    private static IEnumerable<string> Ipv6(InternetLayers internet) =>
        internet.Interfaces.SelectMany(static one => one.Addresses.Ipv6).Where(static own => !own.Address.IsLinkLocal).Select(static own => $"[{own.Address}]");
}
