namespace Troupe.Core.Capabilities;

/// <summary>
/// What the driver of one PCI function holds. There is no raw write to configuration space: base addresses, message
/// addresses and the command register could aim the device at memory, so only the bus capability writes them.
/// </summary>
public abstract class PciFunction : DeviceCapability
{
    /// <summary>Where the function is.</summary>
    public abstract PciAddress Address { get; }

    /// <summary>Reads the 32 bits at byte <paramref name="offset"/> (a multiple of 4, below 256) of configuration space.</summary>
    public abstract uint ReadConfiguration(int offset);

    /// <summary>
    /// The window over base address register <paramref name="bar"/> (0 to 5; of a 64-bit register the lower index), with
    /// decoding switched on. The same window on each call.
    /// </summary>
    /// <exception cref="CapabilityException">
    /// The register is empty, unassigned or the upper half of another, its range overlaps RAM or another window, or it holds
    /// the MSI-X table and nothing else. (Where the table shares a register with device registers, its pages are left out:
    /// accesses to them throw.)
    /// </exception>
    public abstract RegisterWindow OpenBar(int bar);

    /// <summary>How many MSI-X vectors the function has; 0 without MSI-X or where the machine cannot deliver messages.</summary>
    public abstract int VectorCount { get; }

    /// <summary>
    /// The line for MSI-X table entry <paramref name="vector"/> (0 to <see cref="VectorCount"/> - 1); the first call switches the
    /// function from wired interrupts to MSI-X. The same line on each call.
    /// </summary>
    public abstract InterruptLine OpenVector(int vector);

    /// <summary>The wired line (INTx). Refused once MSI-X is in use.</summary>
    /// <exception cref="CapabilityException">No line is routed, or MSI-X is in use.</exception>
    public abstract InterruptLine OpenInterrupt();

    /// <summary>Lets the function read and write memory, or stops it. Off until the driver asks.</summary>
    public abstract void SetBusMaster(bool enabled);
}
