using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>What the command line says about the machine; hosted it is the program's, in a guest the kernel's.</summary>
public sealed class UnikernelOptions
{
    private const string Usage =
        "--ip dhcp|A.B.C.D/LENGTH, --gateway A.B.C.D, --ip6 auto|off|ADDRESS/LENGTH, --gateway6 ADDRESS, --metric NUMBER, each with eth1: and so on before its value "
        + "for an interface that is not the first; --dns ADDRESS[,ADDRESS]";

    private const string NameServersWord = "dns";
    private const string InterfacePrefix = "eth";

    private static readonly ImmutableArray<string> _names =
    [
        InterfaceOptions.Address, InterfaceOptions.Gateway, InterfaceOptions.AddressV6, InterfaceOptions.GatewayV6, InterfaceOptions.MetricWord, NameServersWord,
    ];

    private UnikernelOptions(string[] rest) => Rest = rest;

    /// <summary>What is said of each interface that something is said of, by its number.</summary>
    public ImmutableSortedDictionary<int, InterfaceOptions> Interfaces { get; private init; } = ImmutableSortedDictionary<int, InterfaceOptions>.Empty;

    /// <summary>DNS servers given by hand; empty for those that DHCP and routers name.</summary>
    public ImmutableArray<DnsServer> NameServers { get; private init; } = [];

    /// <summary>The words that are the application's.</summary>
    public string[] Rest { get; }

    /// <summary>What is said of one interface.</summary>
    public InterfaceOptions this[int number] => Interfaces.GetValueOrDefault(number) ?? new();

    /// <summary>
    /// Takes the stack's words out of a command line: <c>--ip X</c>, <c>--ip=X</c>, or as a kernel command line has them,
    /// <c>ip=X</c>; <c>ip=eth1:X</c> is said of the second interface. What is malformed is refused with a message that says how it should look.
    /// </summary>
    public static bool TryParse(IReadOnlyList<string> arguments, [NotNullWhen(true)] out UnikernelOptions? options, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        SortedDictionary<int, Dictionary<string, string>> given = [];
        List<string> rest = [];
        string? servers = null;
        error = null;
        for (int index = 0; index < arguments.Count && error is null; index++)
        {
            if (!TryTake(arguments, ref index, out string? name, out string? value, out error))
            {
                if (error is null)
                    rest.Add(arguments[index]);
            }
            else if (name == NameServersWord)
            {
                servers = value;
            }
            else if (TryTakeInterface(ref value, out int number, out error))
            {
                if (!given.TryGetValue(number, out Dictionary<string, string>? words))
                    given.Add(number, words = []);
                words[name] = value;
            }
        }

        options = null;
        var interfaces = ImmutableSortedDictionary.CreateBuilder<int, InterfaceOptions>();
        foreach ((int number, Dictionary<string, string> words) in given)
        {
            if (error is null && InterfaceOptions.TryRead(words, out InterfaceOptions? read, out error))
                interfaces.Add(number, read);
        }

        ImmutableArray<DnsServer> nameServers = [];
        if (error is null)
            TryReadNameServers(servers, out nameServers, out error);
        if (error is not null)
        {
            error = $"{error} Options: {Usage}";
            return false;
        }

        options = new([.. rest]) { Interfaces = interfaces.ToImmutable(), NameServers = nameServers };
        return true;
    }

    private static bool TryReadNameServers(string? list, out ImmutableArray<DnsServer> servers, [NotNullWhen(false)] out string? error)
    {
        error = null;
        servers = [];
        if (list is null)
            return true;
        foreach (string server in list.Split(','))
        {
            if (!DnsServer.TryParse(server, out DnsServer parsed))
            {
                error = $"'{server}' is no DNS server's address, such as 10.0.2.3, fd00::53 or, with its link, fe80::53%eth1.";
                return false;
            }

            servers = servers.Add(parsed);
        }

        return true;
    }

    // "eth1:10.0.3.15/24"; without a name it is said of the first interface. No address begins so.
    private static bool TryTakeInterface(ref string value, out int number, [NotNullWhen(false)] out string? error)
    {
        number = 0;
        error = null;
        if (!value.StartsWith(InterfacePrefix, StringComparison.Ordinal))
            return true;
        int colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !InternetInterface.TryParse(value.AsSpan(0, colon), out number))
        {
            error = $"'{value}' names no interface, as eth1:VALUE does; the last one there can be is {InternetInterface.NameOf(InternetInterface.Most - 1)}.";
            return false;
        }

        value = value[(colon + 1)..];
        return true;
    }

    private static bool TryTake(
        IReadOnlyList<string> arguments, ref int index, [NotNullWhen(true)] out string? taken, [NotNullWhen(true)] out string? value, out string? error)
    {
        error = null;
        taken = null;
        value = null;
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

                (taken, value) = (name, arguments[++index]);
                return true;
            }

            ReadOnlySpan<char> rest = word.StartsWith("--", StringComparison.Ordinal) ? word.AsSpan(2) : word;
            if (rest.StartsWith(name, StringComparison.Ordinal) && rest.Length > name.Length && rest[name.Length] == '=')
            {
                (taken, value) = (name, rest[(name.Length + 1)..].ToString());
                return true;
            }
        }

        return false;
    }
}
