// VIRTIO 1.2, section 5.1.4: device configuration layout of a network device.
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>What a network device says of itself in its configuration space, believed only as far as it makes sense.</summary>
/// <param name="transport">The way to the device.</param>
/// <param name="largestMaximumTransmissionUnit">The largest that the driver's buffers can hold.</param>
/// <param name="options">What is wanted of it.</param>
internal sealed class VirtioNetConfiguration(IVirtioTransport transport, int largestMaximumTransmissionUnit, VirtioNetOptions options)
{
    /// <inheritdoc cref="FrameTransmission.EthernetHeaderLength"/>
    internal const int EthernetHeaderLength = FrameTransmission.EthernetHeaderLength;

    /// <inheritdoc cref="FrameTransmission.LongestEthernetHeader"/>
    internal const int LongestEthernetHeader = FrameTransmission.LongestEthernetHeader;

    private const int HardwareAddressOffset = 0;
    private const int StatusOffset = 6;
    private const int PairsOffset = 8;
    private const int MaximumTransmissionUnitOffset = 10;

    /// <summary>VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX (section 5.1.6.5.5).</summary>
    private const int MaximumPairs = 0x8000;

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

        if (WantedPairs > 1 && (offered & VirtioNetFeatures.ControlQueue) != 0)
        {
            // Section 5.1.3.1: the one needs the other.
            wanted |= (offered & VirtioNetFeatures.Multiqueue) != 0 ? VirtioNetFeatures.ControlQueue | VirtioNetFeatures.Multiqueue : 0;
        }

        return options.Offloads ? wanted | Offloads(offered) : wanted;
    }

    /// <summary>How many queue pairs to use, once the features are agreed on; <paramref name="most"/>: how many the device has, so that its queue of commands is number 2 × that (section 5.1.2).</summary>
    internal int ReadPairs(ulong features, out int most)
    {
        most = 1;
        if ((features & VirtioNetFeatures.Multiqueue) == 0)
        {
            return 1;
        }

        most = transport.ReadConfiguration16(PairsOffset);
        if (most is < 1 or > MaximumPairs)
        {
            throw new VirtioException($"{transport.Name} has {most} queue pairs.");
        }

        return Math.Min(most, WantedPairs);
    }

    /// <summary>Each with an interrupt to a processor of its own, or there is no use in it.</summary>
    private int WantedPairs => Math.Min(options.QueuePairs, transport.SeparateInterrupts);

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
