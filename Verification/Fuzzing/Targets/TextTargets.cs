using System.Net;
using System.Text;
using Troupe.Apps.Hosting;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Addresses and networks as people write them.</summary>
internal sealed class AddressTextTarget() : FuzzTarget("address-text")
{
    public override int LongestInput => 64;

    public override IEnumerable<byte[]> Seeds => [.. new[] { "10.0.2.15", "10.0.2.15/24", "fe80::1%2", "2001:db8::192.0.2.1", "::ffff:1.2.3.4", "fd00::15/64", "0.0.0.0/0" }.Select(Encoding.ASCII.GetBytes)];

    public override void Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.Latin1.GetString(input);
        if (Ipv4Address.TryParse(text, out Ipv4Address v4))
            Require(Ipv4Address.TryParse(v4.ToString(), out Ipv4Address again) && again == v4 && IPAddress.Parse(v4.ToString()).ToString() == v4.ToString(), $"'{text}' was read as {v4}");
        if (Ipv6Address.TryParse(text, out Ipv6Address v6))
        {
            byte[] bytes = new byte[16];
            v6.Write(bytes);
            Require(Ipv6Address.TryParse(v6.ToString(), out Ipv6Address again) && again == v6 && Ipv6Address.Read(IPAddress.Parse(text).GetAddressBytes()) == v6, $"'{text}' was read as {v6}");
        }

        if (IpAddress.TryParse(text, out IpAddress either))
            Require(IpAddress.TryParse(either.ToString(), out IpAddress again) && again == either, $"'{text}' was read as {either}");
        if (Ipv4Network.TryParse(text, out Ipv4Network network))
            Require(network.Contains(network.Address) && Ipv4Network.TryParse(network.ToString(), out Ipv4Network again) && again == network, $"'{text}' was read as {network}");
    }
}

/// <summary>A program's command line, which in a guest the machine's owner writes.</summary>
internal sealed class CommandLineTarget() : FuzzTarget("command-line")
{
    public override int LongestInput => 256;

    public override IEnumerable<byte[]> Seeds => [.. new[]
    {
        "ip=dhcp", "ip=10.0.2.15/24 gateway=10.0.2.2 dns=10.0.2.3,fd00::53 app", "--ip 10.0.2.15/24 --gateway 10.0.2.2", "ip6=fd00::15/64 gateway6=fe80::1", "ip6=off --dns=1.1.1.1 x=y", "ip=eth1:10.0.3.1/24 gateway=eth1:10.0.3.2 ip6=eth1:off metric=eth1:7", "dns=fe80::53%eth1,fe80::1%eth99",
    }.Select(Encoding.ASCII.GetBytes)];

    public override IReadOnlyList<byte[]> Words => [.. new[] { "ip=", "gateway=", "ip6=", "gateway6=", "dns=", "--ip ", "dhcp", "auto", "off", "10.0.0.1", "fd00::1", "/24", "/64", ",", "eth1:", "metric=" }.Select(Encoding.ASCII.GetBytes)];

    public override void Run(ReadOnlySpan<byte> input)
    {
        string[] words = Encoding.Latin1.GetString(input).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!UnikernelOptions.TryParse(words, out UnikernelOptions? options, out string? error))
        {
            Require(error.Length > 0, "a command line was refused without a word");
            return;
        }

        Require(options.Rest.Length <= words.Length && options.Rest.All(words.Contains), "a word of the application's was made up");
        foreach (InterfaceOptions one in options.Interfaces.Values)
        {
            if (one.Static is not { } network)
                continue;
            Require(network.Address.IsUnicast && (network.Gateway is not { } gateway || network.Network.Contains(gateway)), "an address was taken that is none of a host");
        }
    }
}
