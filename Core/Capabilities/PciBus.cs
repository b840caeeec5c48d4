namespace Troupe.Core.Capabilities;

/// <summary>The PCI hierarchy: read access for discovery, and the source of each function's capability.</summary>
public abstract class PciBus
{
    /// <summary>
    /// Reads the 32 bits at byte <paramref name="offset"/> (a multiple of 4, below 256) of a function's configuration space.
    /// All ones where no function answers, as on the bus.
    /// </summary>
    public abstract uint ReadConfiguration(PciAddress address, int offset);

    /// <summary>
    /// The capability for a function that exists. A function has at most one live capability.
    /// </summary>
    /// <exception cref="CapabilityException">No such function, or it is open and not revoked.</exception>
    public abstract PciFunction Open(PciAddress address);
}
