using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>What the command line says about one interface.</summary>
public sealed record InterfaceOptions
{
    internal const string Address = "ip", Gateway = "gateway", AddressV6 = "ip6", GatewayV6 = "gateway6", MetricWord = "metric";

    private const string Dhcp = "dhcp";
    private const string Automatic = "auto";
    private const string Off = "off";

    /// <summary>The static address; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; private init; }

    /// <summary>Whether the command line decides between DHCP and an address at all.</summary>
    public bool GivesAddress { get; private init; }

    /// <summary>Whether IPv6 is switched off.</summary>
    public bool SwitchesIpv6Off { get; private init; }

    /// <summary>An IPv6 address given by hand; null for none beside those that follow from routers' advertisements.</summary>
    public Ipv6Network? Ipv6 { get; private init; }

    /// <summary>An IPv6 router given by hand.</summary>
    public Ipv6Address? Ipv6Gateway { get; private init; }

    /// <summary>The metric; null for the interface's number.</summary>
    public int? Metric { get; private init; }

    /// <summary>How the interface is set up, where a program has said something that the command line does not.</summary>
    internal InterfaceSetup Apply(InterfaceSetup program) => new()
    {
        Static = GivesAddress ? Static : program.Static,
        Ipv6 = SwitchesIpv6Off ? null : Ipv6 is { } network ? (program.Ipv6 ?? new()) with { Addresses = [network], Gateway = Ipv6Gateway } : program.Ipv6,
        Metric = Metric ?? program.Metric,
    };

    internal static bool TryRead(IReadOnlyDictionary<string, string> given, [NotNullWhen(true)] out InterfaceOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        int? metric = null;
        if (!TryReadIpv4(given, out InterfaceConfiguration? network, out error) ||
            !TryReadIpv6(given, out Ipv6Network? network6, out Ipv6Address? gateway6, out error) ||
            !TryReadMetric(given, ref metric, out error))
            return false;
        options = new()
        {
            Static = network,
            GivesAddress = given.ContainsKey(Address),
            SwitchesIpv6Off = given.GetValueOrDefault(AddressV6) == Off,
            Ipv6 = network6,
            Ipv6Gateway = gateway6,
            Metric = metric,
        };
        return true;
    }

    private static bool TryReadIpv4(IReadOnlyDictionary<string, string> given, out InterfaceConfiguration? configuration, [NotNullWhen(false)] out string? error)
    {
        configuration = null;
        error = null;
        string ip = given.GetValueOrDefault(Address, Dhcp);
        Ipv4Network network = default;
        if (ip != Dhcp && (!Ipv4Network.TryParse(ip, out network) || !network.Address.IsUnicast))
            error = $"'{ip}' is no address with a prefix length, such as 10.0.2.15/24.";
        Ipv4Address? router = null;
        if (error is null && given.TryGetValue(Gateway, out string? gateway))
        {
            if (!Ipv4Address.TryParse(gateway, out Ipv4Address parsed) || !parsed.IsUnicast)
                error = $"'{gateway}' is no gateway's address, such as 10.0.2.2.";
            else if (ip == Dhcp)
                error = "A gateway goes with a static address; DHCP brings its own.";
            else if (!network.Contains(parsed))
                error = $"The gateway {parsed} is not on the network {network}.";
            router = parsed;
        }

        if (error is not null)
            return false;
        configuration = ip == Dhcp ? null : new(network, router);
        return true;
    }

    private static bool TryReadIpv6(
        IReadOnlyDictionary<string, string> given, out Ipv6Network? network, out Ipv6Address? gateway, [NotNullWhen(false)] out string? error)
    {
        network = null;
        gateway = null;
        error = null;
        string ip = given.GetValueOrDefault(AddressV6, Automatic);
        if (ip is not (Automatic or Off))
        {
            if (Ipv6Network.TryParse(ip, out Ipv6Network parsed) && parsed.Address.IsUnicast)
                network = parsed;
            else
                error = $"'{ip}' is no IPv6 address with a prefix length, such as fd00::15/64.";
        }

        if (error is null && given.TryGetValue(GatewayV6, out string? router))
        {
            if (!Ipv6Address.TryParse(router, out Ipv6Address parsed) || !parsed.IsUnicast)
                error = $"'{router}' is no IPv6 gateway's address, such as fe80::1.";
            else if (network is null)
                error = "An IPv6 gateway goes with a static IPv6 address; without one, routers announce themselves.";
            gateway = parsed;
        }

        return error is null;
    }

    private static bool TryReadMetric(IReadOnlyDictionary<string, string> given, ref int? metric, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (!given.TryGetValue(MetricWord, out string? text))
            return true;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed))
            metric = parsed;
        else
            error = $"'{text}' is no metric, such as 10; the interface with the lower one is preferred.";
        return error is null;
    }
}
