// VIRTIO 1.2, section 5.1.4: device configuration layout of a network device.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>What a network device says of itself in its configuration space, believed only as far as it makes sense.</summary>
/// <param name="transport">The way to the device.</param>
/// <param name="largestMaximumTransmissionUnit">The largest that the driver's buffers can hold.</param>
/// <param name="offloads">Whether checksums and segmentation are wanted of it.</param>
internal sealed class VirtioNetConfiguration(IVirtioTransport transport, int largestMaximumTransmissionUnit, bool offloads)
{
    /// <summary>IEEE 802.3: two addresses and the type.</summary>
    internal const int EthernetHeaderLength = 14;

    /// <summary>The same with an IEEE 802.1Q tag.</summary>
    internal const int LongestEthernetHeader = EthernetHeaderLength + 4;

    private const int HardwareAddressOffset = 0;
    private const int StatusOffset = 6;
    private const int MaximumTransmissionUnitOffset = 10;
    private const ushort StatusLinkUp = 1;
    private const int DefaultMaximumTransmissionUnit = 1500;

    /// <summary>The smallest MTU of IPv4 (RFC 791) and the least the standard lets a device say (section 5.1.4.1).</summary>
    private const int MinimumMaximumTransmissionUnit = 68;

    /// <summary>What the driver would like of what is offered.</summary>
    internal ulong ChooseFeatures(ulong offered)
    {
        var wanted = VirtioFeatures.EventIndex | VirtioNetFeatures.HardwareAddress | VirtioNetFeatures.Status;
        if ((offered & VirtioNetFeatures.MaximumTransmissionUnit) != 0
            && transport.ReadConfiguration16(MaximumTransmissionUnitOffset) is var unit
            && unit >= MinimumMaximumTransmissionUnit && unit <= largestMaximumTransmissionUnit)
        {
            // A larger one we could not receive, so we do not agree to it.
            wanted |= VirtioNetFeatures.MaximumTransmissionUnit;
        }

        return offloads ? wanted | Offloads(offered) : wanted;
    }

    /// <summary>What a device with these features does for frames that are sent.</summary>
    internal static FrameOffloadFlags TransmitOffload(ulong features) =>
        ((features & VirtioNetFeatures.Checksum) != 0 ? FrameOffloadFlags.NeedsChecksum : FrameOffloadFlags.None)
        | ((features & VirtioNetFeatures.SegmentationIpv4) != 0 ? FrameOffloadFlags.SegmentsIpv4 : FrameOffloadFlags.None)
        | ((features & VirtioNetFeatures.SegmentationIpv6) != 0 ? FrameOffloadFlags.SegmentsIpv6 : FrameOffloadFlags.None);

    /// <summary>Section 5.1.3.1: who segments completes checksums. Large packets we take in several buffers only, since ours are small.</summary>
    private static ulong Offloads(ulong offered)
    {
        var wanted = VirtioNetFeatures.Checksum | VirtioNetFeatures.ReceiveChecksum;
        if ((offered & VirtioNetFeatures.Checksum) != 0)
        {
            wanted |= VirtioNetFeatures.SegmentationIpv4 | VirtioNetFeatures.SegmentationIpv6;
        }

        if ((offered & VirtioNetFeatures.MergedReceiveBuffers) != 0 && (offered & VirtioNetFeatures.ReceiveChecksum) != 0)
        {
            wanted |= VirtioNetFeatures.MergedReceiveBuffers | VirtioNetFeatures.ReceiveSegmentationIpv4 | VirtioNetFeatures.ReceiveSegmentationIpv6;
        }

        return wanted;
    }

    /// <summary>The MTU, once the features are agreed on.</summary>
    internal int ReadMaximumTransmissionUnit(ulong features)
    {
        var unit = (features & VirtioNetFeatures.MaximumTransmissionUnit) != 0
            ? transport.ReadConfiguration16(MaximumTransmissionUnitOffset)
            : Math.Min(DefaultMaximumTransmissionUnit, largestMaximumTransmissionUnit);
        // Read a second time, so checked a second time.
        return Math.Clamp(unit, MinimumMaximumTransmissionUnit, largestMaximumTransmissionUnit);
    }

    /// <summary>The address of the card, or null if it has none of its own.</summary>
    internal HardwareAddress? ReadHardwareAddress(ulong features)
    {
        if ((features & VirtioNetFeatures.HardwareAddress) == 0)
        {
            return null;
        }

        uint generation;
        ulong address;
        var attempts = 0;
        do
        {
            generation = transport.ReadConfigurationGeneration();
            address = 0;
            for (var octet = 0; octet < 6; octet++)
            {
                address = (address << 8) | transport.ReadConfiguration8(HardwareAddressOffset + octet);
            }
        }
        while (transport.ReadConfigurationGeneration() != generation && ++attempts < HardwareAddresses.MaximumReadAttempts);

        return new HardwareAddress(address);
    }

    /// <summary>Whether the link is up; one that cannot be told is.</summary>
    internal bool ReadLinkStatus(ulong features) =>
        (features & VirtioNetFeatures.Status) == 0 || (transport.ReadConfiguration16(StatusOffset) & StatusLinkUp) != 0;
}
