// VIRTIO 1.2, section 4.1.4: virtio structure PCI capabilities.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>Where one of the device's register structures is: a range of a base address register.</summary>
/// <param name="Type">The structure's cfg_type.</param>
/// <param name="Bar">The base address register, 0 to 5.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">How long it is, in bytes.</param>
/// <param name="NotifyMultiplier">For the notification structure: bytes per queue_notify_off.</param>
internal readonly record struct VirtioPciStructure(int Type, int Bar, uint Offset, uint Length, uint NotifyMultiplier)
{
    public const int Common = 1;
    public const int Notify = 2;
    public const int InterruptStatus = 3;
    public const int DeviceSpecific = 4;

    // PCI Local Bus 3.0, sections 6.2 and 6.7.
    private const int CommandStatusOffset = 0x04;
    private const uint StatusHasCapabilities = 1u << 20;
    private const int CapabilitiesPointer = 0x34;
    private const int FirstCapability = 0x40;
    private const byte VendorSpecific = 0x09;
    private const int CapabilitySize = 16;
    private const int NotifyCapabilitySize = 20;
    private const int ConfigurationSize = 256;
    private const int LastBar = 5;

    /// <summary>More than fit into configuration space: a longer list is a loop.</summary>
    private const int MaximumCapabilities = (ConfigurationSize - FirstCapability) / 4;

    /// <summary>
    /// The first capability of each type, which is the one the device likes best; reserved types and registers are skipped, as is
    /// anything that does not fit into configuration space. Terminates on any content.
    /// </summary>
    public static IReadOnlyList<VirtioPciStructure> ReadAll(PciFunction function)
    {
        var found = new List<VirtioPciStructure>();
        if ((function.ReadConfiguration(CommandStatusOffset) & StatusHasCapabilities) == 0)
        {
            return found;
        }

        var at = (int)(function.ReadConfiguration(CapabilitiesPointer) & 0xFC);
        for (var count = 0; at >= FirstCapability && count < MaximumCapabilities; count++)
        {
            var header = function.ReadConfiguration(at);
            if ((byte)header == VendorSpecific && TryRead(function, at, header, out var structure)
                && !found.Exists(other => other.Type == structure.Type))
            {
                found.Add(structure);
            }

            at = (int)((header >> 8) & 0xFC);
        }

        return found;
    }

    private static bool TryRead(PciFunction function, int at, uint header, out VirtioPciStructure structure)
    {
        structure = default;
        var length = (int)((header >> 16) & 0xFF);
        var type = (int)(header >> 24);
        var needed = type == Notify ? NotifyCapabilitySize : CapabilitySize;
        if (type is < Common or > DeviceSpecific || length < needed || at > ConfigurationSize - needed)
        {
            return false;
        }

        var bar = (int)(function.ReadConfiguration(at + 4) & 0xFF);
        if (bar > LastBar)
        {
            return false;
        }

        structure = new VirtioPciStructure(
            type,
            bar,
            function.ReadConfiguration(at + 8),
            function.ReadConfiguration(at + 12),
            type == Notify ? function.ReadConfiguration(at + 16) : 0);
        return true;
    }
}
