// RFC 6724 2.1 and 6: the default policy table, by which a host chooses among the addresses of a name.
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What the policy table says of an address.</summary>
/// <param name="Precedence">The higher, the sooner it is tried.</param>
/// <param name="Label">Addresses of one label get along: a destination goes with a source of its own.</param>
public readonly record struct AddressPolicy(int Precedence, int Label)
{
    private static readonly (Ipv6Network Prefix, AddressPolicy Policy)[] _table =
    [
        // The longest prefix first.
        (new(Ipv6Address.Loopback, 128), new(50, 0)),
        (new(new(0, 0xFFFF_0000_0000), 96), new(35, 4)),
        (new(default, 96), new(1, 3)),
        (new(new(0x2001UL << 48, 0), 32), new(5, 5)),
        (new(new(0x2002UL << 48, 0), 16), new(30, 2)),
        (new(new(0x3FFEUL << 48, 0), 16), new(1, 12)),
        (new(new(0xFEC0UL << 48, 0), 10), new(1, 11)),
        (new(new(0xFC00UL << 48, 0), 7), new(3, 13)),
    ];

    /// <summary>The policy of an address; IPv4's are looked up in their mapped form.</summary>
    public static AddressPolicy Of(IpAddress address)
    {
        foreach ((Ipv6Network prefix, AddressPolicy policy) in _table)
        {
            if (address.Ipv6.Shares(prefix.Address, prefix.PrefixLength))
                return policy;
        }

        return new(40, 1);
    }
}
