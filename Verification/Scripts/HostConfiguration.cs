using System.Globalization;
using System.Reflection;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>What <c>host</c> lines say: <c>tcp.no-delay=off</c> is <see cref="TcpConfiguration.NoDelay"/>, and so for ethernet, ip and ipv6.</summary>
internal static class HostConfiguration
{
    public static NetworkConfiguration Create(Script script)
    {
        NetworkConfiguration configuration = new()
        {
            Static = new(new(Bench.HostAddress, 24), Bench.PeerAddress),
            Ipv6 = null,
            // Without duplicate detection and routers, unless the script is about them.
        };
        foreach (Word word in script.Host)
        {
            int dot = word.Key.IndexOf('.');
            configuration = (dot < 0 ? word.Key : word.Key[..dot]) switch
            {
                "dhcp" => configuration with { Static = null },
                "ipv6" when dot < 0 => configuration with { Ipv6 = new() },
                "ipv6" => configuration with { Ipv6 = Set(configuration.Ipv6 ?? new(), word, dot) },
                "address" => configuration with { Static = new(word.Address<Ipv4Network>(Ipv4Network.TryParse), Bench.PeerAddress) },
                "tcp" => configuration with { Tcp = Set(configuration.Tcp, word, dot) },
                "ethernet" => configuration with { Ethernet = Set(configuration.Ethernet, word, dot) },
                "ip" => configuration with { Internet = Set(configuration.Internet, word, dot) },
                _ => throw word.Wrong($"'{word.Key}' is nothing of a host; there are dhcp, address, ipv6, and the options of tcp, ethernet, ip and ipv6, as in tcp.no-delay=off."),
            };
        }

        return configuration;
    }

    private static T Set<T>(T options, Word word, int dot) where T : class
    {
        string name = string.Concat(word.Key[(dot + 1)..].Split('-').Select(static part => part.Length == 0 ? "" : char.ToUpperInvariant(part[0]) + part[1..]));
        PropertyInfo property = typeof(T).GetProperty(name) is { SetMethod: not null } found
            ? found
            : throw word.Wrong($"{typeof(T).Name} has no option '{word.Key[(dot + 1)..]}'.");
        object value = property.PropertyType switch
        {
            var type when type == typeof(bool) => word.Switch,
            var type when type == typeof(TimeSpan) => word.Duration,
            var type when type.IsEnum => Enum.TryParse(type, word.Text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out object? parsed)
                ? parsed!
                : throw word.Wrong($"'{word.Text}' is none of {string.Join(", ", Enum.GetNames(type))}."),
            var type => Convert.ChangeType(word.Number, type, CultureInfo.InvariantCulture),
        };
        // A record's copy, whose init-only properties reflection may set.
        object copy = typeof(T).GetMethod("<Clone>$")!.Invoke(options, null)!;
        property.SetValue(copy, value);
        return (T)copy;
    }
}
