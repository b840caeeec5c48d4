// PCI Local Bus Specification 3.0, 3.2.2.3.2: configuration mechanism #1.
namespace Troupe.Core.Machine;

/// <summary>Configuration space through two ports. For one processor, before the others start: an access takes both.</summary>
/// <typeparam name="TPorts">The seam to ports.</typeparam>
public readonly struct PciConfigurationPorts<TPorts> : IPciConfiguration
    where TPorts : struct, IPorts
{
    private const ushort AddressPort = 0xCF8, DataPort = 0xCFC;
    private const uint EnableBit = 1u << 31;

    /// <inheritdoc/>
    public static uint Read32(uint function, uint register)
    {
        Select(function, register);
        return TPorts.In32(DataPort);
    }

    /// <inheritdoc/>
    public static void Write32(uint function, uint register, uint value)
    {
        Select(function, register);
        TPorts.Out32(DataPort, value);
    }

    /// <summary>Writes the lower half of a register, and leaves the upper one alone.</summary>
    public static void Write16(uint function, uint register, ushort value)
    {
        Select(function, register);
        TPorts.Out16(DataPort, value);
    }

    /// <summary>Writes the lowest byte of a register, and leaves the others alone.</summary>
    public static void Write8(uint function, uint register, byte value)
    {
        Select(function, register);
        TPorts.Out8(DataPort, value);
    }

    private static void Select(uint function, uint register) => TPorts.Out32(AddressPort, EnableBit | function | register);
}
