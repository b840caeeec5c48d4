using System.Diagnostics.CodeAnalysis;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>What the command line says about the machine; hosted it is the program's, in a guest the kernel's.</summary>
public sealed class UnikernelOptions
{
    private const string Usage = "--ip dhcp|A.B.C.D/LENGTH, --gateway A.B.C.D";

    private UnikernelOptions(InterfaceConfiguration? network, bool givesAddress, string[] rest)
    {
        Static = network;
        GivesAddress = givesAddress;
        Rest = rest;
    }

    /// <summary>The static address; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; }

    /// <summary>Whether the command line decides between DHCP and an address at all.</summary>
    public bool GivesAddress { get; }

    /// <summary>The words that are the application's.</summary>
    public string[] Rest { get; }

    /// <summary>
    /// Takes the stack's words out of a command line: <c>--ip X</c>, <c>--ip=X</c>, or as a kernel command line has them,
    /// <c>ip=X</c>. What is malformed is refused with a message that says how it should look.
    /// </summary>
    public static bool TryParse(IReadOnlyList<string> arguments, [NotNullWhen(true)] out UnikernelOptions? options, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        options = null;
        string? ip = null;
        string? gateway = null;
        List<string> rest = [];
        for (int index = 0; index < arguments.Count; index++)
        {
            bool taken = TryTake(arguments, ref index, "ip", ref ip, out error)
                || (error is null && TryTake(arguments, ref index, "gateway", ref gateway, out error));
            if (error is not null)
                return false;
            if (!taken)
                rest.Add(arguments[index]);
        }

        Ipv4Network network = default;
        if (ip is not (null or "dhcp") && (!Ipv4Network.TryParse(ip, out network) || !network.Address.IsUnicast))
        {
            error = $"'{ip}' is no address with a prefix length, such as 10.0.2.15/24. Options: {Usage}";
            return false;
        }

        Ipv4Address? router = null;
        if (gateway is not null)
        {
            if (!Ipv4Address.TryParse(gateway, out Ipv4Address parsed) || !parsed.IsUnicast)
            {
                error = $"'{gateway}' is no gateway's address, such as 10.0.2.2. Options: {Usage}";
                return false;
            }

            if (ip is null or "dhcp")
            {
                error = $"A gateway goes with a static address; DHCP brings its own. Options: {Usage}";
                return false;
            }

            if (!network.Contains(parsed))
            {
                error = $"The gateway {parsed} is not on the network {network}. Options: {Usage}";
                return false;
            }

            router = parsed;
        }

        error = null;
        options = new(ip is null or "dhcp" ? null : new(network, router), ip is not null, [.. rest]);
        return true;
    }

    private static bool TryTake(IReadOnlyList<string> arguments, ref int index, string name, ref string? value, out string? error)
    {
        error = null;
        string word = arguments[index];
        if (word == "--" + name)
        {
            if (index + 1 == arguments.Count)
            {
                error = $"--{name} wants a value. Options: {Usage}";
                return false;
            }

            value = arguments[++index];
            return true;
        }

        ReadOnlySpan<char> rest = word.StartsWith("--", StringComparison.Ordinal) ? word.AsSpan(2) : word;
        if (!rest.StartsWith(name, StringComparison.Ordinal) || rest.Length <= name.Length || rest[name.Length] != '=')
            return false;
        value = rest[(name.Length + 1)..].ToString();
        return true;
    }
}
