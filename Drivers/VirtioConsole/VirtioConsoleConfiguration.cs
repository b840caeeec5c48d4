// VIRTIO 1.2, section 5.3.4: device configuration layout of a console device.
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>What a console device says of itself in its configuration space.</summary>
internal static class VirtioConsoleConfiguration
{
    private const int ColumnsOffset = 0;
    private const int RowsOffset = 2;
    private const int PortCountOffset = 4;

    /// <summary>How often a configuration that keeps changing is read again before it is taken as it is.</summary>
    private const int MaximumReadAttempts = 10;

    /// <summary>How large the terminal is (with <see cref="VirtioConsoleFeatures.Size"/>).</summary>
    public static (int Columns, int Rows) ReadSize(IVirtioTransport transport)
    {
        uint generation;
        (int Columns, int Rows) size;
        var attempts = 0;
        do
        {
            generation = transport.ReadConfigurationGeneration();
            size = (transport.ReadConfiguration16(ColumnsOffset), transport.ReadConfiguration16(RowsOffset));
        }
        while (transport.ReadConfigurationGeneration() != generation && ++attempts < MaximumReadAttempts);

        return size;
    }

    /// <summary>How many ports there can be (with <see cref="VirtioConsoleFeatures.Multiport"/>).</summary>
    public static uint ReadPortCount(IVirtioTransport transport) => transport.ReadConfiguration32(PortCountOffset);
}
