// RFC 7217 5: interface identifiers that are stable on one network and say nothing on another.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>RID = F(Prefix, Net_Iface, Network_ID, DAD_Counter, secret_key); F is SipHash-2-4, whose key is the secret, and there is no Network_ID.</summary>
public sealed class OpaqueInterfaceIdentifier
{
    private readonly ulong _key0;
    private readonly ulong _key1;
    private readonly MacAddress _interface;

    /// <summary>The identifiers of an interface under a secret; without one, under one that is drawn now.</summary>
    public OpaqueInterfaceIdentifier(MacAddress hardware, UInt128? secret, IRandomness randomness)
    {
        ArgumentNullException.ThrowIfNull(randomness);
        Span<byte> drawn = stackalloc byte[16];
        if (secret is { } given)
            BinaryPrimitives.WriteUInt128LittleEndian(drawn, given);
        else
            randomness.Fill(drawn);
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(drawn);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(drawn[8..]);
        _interface = hardware;
    }

    /// <summary>The secret.</summary>
    public UInt128 Secret => new(_key1, _key0);

    /// <summary>The address with a prefix of 64 bits, the n-th tried.</summary>
    public Ipv6Address AddressIn(Ipv6Address prefix, int collisions)
    {
        for (ulong attempt = 0; ; attempt++)
        {
            ulong identifier = InitialSequenceNumbers.SipHash(_key0, _key1, prefix.High, _interface.Value, (ulong)collisions, attempt);
            if (!IsReserved(identifier))
                return new(prefix.High, identifier);
        }
    }

    // RFC 5453: the subnet router's anycast, those of IANA's block, and the reserved anycast identifiers.
    private static bool IsReserved(ulong identifier) =>
        identifier == 0 || identifier >> 32 == 0x0200_5EFF || identifier is >= 0xFDFF_FFFF_FFFF_FF80 and <= 0xFDFF_FFFF_FFFF_FFFF;
}
