using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>What the command line says about the machine; hosted it is the program's, in a guest the kernel's.</summary>
public sealed class UnikernelOptions
{
    private const string Usage = "--ip dhcp|A.B.C.D/LENGTH, --gateway A.B.C.D, --ip6 auto|off|ADDRESS/LENGTH, --gateway6 ADDRESS, --dns ADDRESS[,ADDRESS]";
    private const string Dhcp = "dhcp";
    private const string Automatic = "auto";
    private const string Off = "off";

    private static readonly ImmutableArray<string> _names = ["ip", "gateway", "ip6", "gateway6", "dns"];

    private UnikernelOptions(string[] rest) => Rest = rest;

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

    /// <summary>DNS servers given by hand; empty for those that DHCP and routers name.</summary>
    public ImmutableArray<IpAddress> NameServers { get; private init; } = [];

    /// <summary>The words that are the application's.</summary>
    public string[] Rest { get; }

    /// <summary>
    /// Takes the stack's words out of a command line: <c>--ip X</c>, <c>--ip=X</c>, or as a kernel command line has them,
    /// <c>ip=X</c>. What is malformed is refused with a message that says how it should look.
    /// </summary>
    public static bool TryParse(IReadOnlyList<string> arguments, [NotNullWhen(true)] out UnikernelOptions? options, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        Dictionary<string, string> given = [];
        List<string> rest = [];
        error = null;
        for (int index = 0; index < arguments.Count && error is null; index++)
        {
            if (!TryTake(arguments, ref index, given, out error) && error is null)
                rest.Add(arguments[index]);
        }

        options = null;
        if (error is not null ||
            !TryReadIpv4(given, out InterfaceConfiguration? network, out error) ||
            !TryReadIpv6(given, out Ipv6Network? network6, out Ipv6Address? gateway6, out error) ||
            !TryReadNameServers(given, out ImmutableArray<IpAddress> servers, out error))
        {
            error = $"{error} Options: {Usage}";
            return false;
        }

        options = new([.. rest])
        {
            Static = network,
            GivesAddress = given.ContainsKey("ip"),
            SwitchesIpv6Off = given.GetValueOrDefault("ip6") == Off,
            Ipv6 = network6,
            Ipv6Gateway = gateway6,
            NameServers = servers,
        };
        return true;
    }

    private static bool TryReadIpv4(Dictionary<string, string> given, out InterfaceConfiguration? configuration, [NotNullWhen(false)] out string? error)
    {
        configuration = null;
        error = null;
        string ip = given.GetValueOrDefault("ip", Dhcp);
        Ipv4Network network = default;
        if (ip != Dhcp && (!Ipv4Network.TryParse(ip, out network) || !network.Address.IsUnicast))
            error = $"'{ip}' is no address with a prefix length, such as 10.0.2.15/24.";
        Ipv4Address? router = null;
        if (error is null && given.TryGetValue("gateway", out string? gateway))
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
        Dictionary<string, string> given, out Ipv6Network? network, out Ipv6Address? gateway, [NotNullWhen(false)] out string? error)
    {
        network = null;
        gateway = null;
        error = null;
        string ip = given.GetValueOrDefault("ip6", Automatic);
        if (ip is not (Automatic or Off))
        {
            if (Ipv6Network.TryParse(ip, out Ipv6Network parsed) && parsed.Address.IsUnicast)
                network = parsed;
            else
                error = $"'{ip}' is no IPv6 address with a prefix length, such as fd00::15/64.";
        }

        if (error is null && given.TryGetValue("gateway6", out string? router))
        {
            if (!Ipv6Address.TryParse(router, out Ipv6Address parsed) || !parsed.IsUnicast)
                error = $"'{router}' is no IPv6 gateway's address, such as fe80::1.";
            else if (network is null)
                error = "An IPv6 gateway goes with a static IPv6 address; without one, routers announce themselves.";
            gateway = parsed;
        }

        return error is null;
    }

    private static bool TryReadNameServers(Dictionary<string, string> given, out ImmutableArray<IpAddress> servers, [NotNullWhen(false)] out string? error)
    {
        error = null;
        servers = [];
        if (!given.TryGetValue("dns", out string? list))
            return true;
        foreach (string server in list.Split(','))
        {
            if (!IpAddress.TryParse(server, out IpAddress address))
            {
                error = $"'{server}' is no DNS server's address, such as 10.0.2.3 or fd00::53.";
                return false;
            }

            servers = servers.Add(address);
        }

        return true;
    }

    private static bool TryTake(IReadOnlyList<string> arguments, ref int index, Dictionary<string, string> given, out string? error)
    {
        error = null;
        string word = arguments[index];
        foreach (string name in _names)
        {
            if (word == "--" + name)
            {
                if (index + 1 == arguments.Count)
                {
                    error = $"--{name} wants a value.";
                    return false;
                }

                given[name] = arguments[++index];
                return true;
            }

            ReadOnlySpan<char> rest = word.StartsWith("--", StringComparison.Ordinal) ? word.AsSpan(2) : word;
            if (rest.StartsWith(name, StringComparison.Ordinal) && rest.Length > name.Length && rest[name.Length] == '=')
            {
                given[name] = rest[(name.Length + 1)..].ToString();
                return true;
            }
        }

        return false;
    }
}
