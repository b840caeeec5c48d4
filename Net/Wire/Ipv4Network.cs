// RFC 4632: classless prefixes; RFC 919 and RFC 922: directed broadcast; RFC 3021: /31 links.
using System.Globalization;

namespace Troupe.Net.Wire;

/// <summary>An interface's address and the length of its network's prefix, as in 10.0.2.15/24.</summary>
public readonly record struct Ipv4Network
{
    /// <summary>An address with its prefix length, 0 to 32.</summary>
    public Ipv4Network(Ipv4Address address, int prefixLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(prefixLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, 32);
        Address = address;
        PrefixLength = prefixLength;
    }

    /// <summary>The interface's own address.</summary>
    public Ipv4Address Address { get; }

    /// <summary>Bits of the prefix.</summary>
    public int PrefixLength { get; }

    /// <summary>The prefix as a mask.</summary>
    public uint Mask => PrefixLength == 0 ? 0 : uint.MaxValue << (32 - PrefixLength);

    /// <summary>The broadcast address of this network; prefixes of 31 and 32 bits have none.</summary>
    public Ipv4Address? DirectedBroadcast => PrefixLength >= 31 ? null : new(Address.Value | ~Mask);

    /// <summary>Whether an address is on this link.</summary>
    public bool Contains(Ipv4Address other) => ((other.Value ^ Address.Value) & Mask) == 0;

    /// <summary>The prefix length of a contiguous mask.</summary>
    public static bool TryGetPrefixLength(Ipv4Address mask, out int length)
    {
        length = System.Numerics.BitOperations.LeadingZeroCount(~mask.Value);
        return length == 32 || mask.Value << length == 0;
    }

    /// <summary>Reads "A.B.C.D/len".</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Network network)
    {
        network = default;
        int slash = text.IndexOf('/');
        if (slash < 0 || !Ipv4Address.TryParse(text[..slash], out Ipv4Address address) ||
            !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > 32)
            return false;
        network = new(address, length);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");
}
