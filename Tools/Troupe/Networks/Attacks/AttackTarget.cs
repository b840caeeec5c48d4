namespace Troupe.Tools.Networks.Attacks;

/// <summary>Whom forged frames are for, and who they say they are from unless they lie about it. IPv4 addresses are numbers, as are IPv6's.</summary>
/// <param name="GuestHardware">The guest's Ethernet address, in the low 48 bits.</param>
/// <param name="AttackerHardware">The sender's.</param>
/// <param name="Guest">The guest's IPv4 address.</param>
/// <param name="Attacker">The sender's.</param>
/// <param name="GuestLinkLocal">The guest's link-local address.</param>
/// <param name="AttackerLinkLocal">The sender's.</param>
/// <param name="Port">A TCP port on which the guest listens.</param>
/// <param name="Honest">The honest client's IPv4 address: mutated frames never speak for it by ARP, which every host of an Ethernet would believe.</param>
public sealed record AttackTarget(
    ulong GuestHardware, ulong AttackerHardware, uint Guest, uint Attacker, UInt128 GuestLinkLocal, UInt128 AttackerLinkLocal, ushort Port, uint Honest)
{
    /// <summary>An IPv4 address as a number.</summary>
    public static uint V4(string address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(System.Net.IPAddress.Parse(address).GetAddressBytes());

    /// <summary>An IPv6 address as a number.</summary>
    public static UInt128 V6(string address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(System.Net.IPAddress.Parse(address).GetAddressBytes());
}
