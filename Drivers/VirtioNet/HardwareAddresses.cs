using System.Text;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>Addresses for devices that have none of their own.</summary>
internal static class HardwareAddresses
{
    /// <summary>How often a configuration that keeps changing is read again before it is taken as it is.</summary>
    public const int MaximumReadAttempts = 10;

    // FNV-1a, 64 bits (draft-eastlake-fnv).
    private const ulong OffsetBasis = 0xcbf29ce484222325;
    private const ulong Prime = 0x100000001b3;

    // IEEE 802-2014 clause 8: the second lowest bit of the first octet marks local administration, the lowest a group.
    private const ulong LocallyAdministeredBit = 0x0200_0000_0000;
    private const ulong GroupBit = 0x0100_0000_0000;
    private const ulong AddressMask = 0xFFFF_FFFF_FFFF;

    /// <summary>The same address for the same device on each boot; two machines with such devices on one link need addresses by option.</summary>
    public static HardwareAddress LocallyAdministered(string deviceName)
    {
        var hash = OffsetBasis;
        foreach (var octet in Encoding.UTF8.GetBytes(deviceName))
        {
            hash = (hash ^ octet) * Prime;
        }

        return new HardwareAddress((hash & AddressMask & ~GroupBit) | LocallyAdministeredBit);
    }
}
