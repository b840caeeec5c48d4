namespace Troupe.Core.Machine;

/// <summary>Message-signalled interrupts (SDM vol. 3, 11.11): what a device writes, and where, to interrupt a processor.</summary>
public static class MessageSignalled
{
    private const ulong AddressBase = 0xFEE0_0000;
    private const int DestinationShift = 12;
    private const uint HighestDestination = 0xFF; // wider ids need interrupt remapping

    /// <summary>Composes address and data: fixed delivery, edge, physical destination.</summary>
    /// <returns>False when the id does not fit.</returns>
    public static bool Compose(uint apicId, byte vector, out ulong address, out uint data)
    {
        address = AddressBase | ((ulong)(apicId & HighestDestination) << DestinationShift);
        data = vector;
        return apicId <= HighestDestination;
    }
}
