// VIRTIO 1.2, section 4.2.2 and 4.2.3.1.1: what may be read of a window before there is a driver.
using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>Looks behind each announced virtio-mmio window and tells the registrar of the devices. Stops when done.</summary>
public sealed class VirtioMmioDiscovery : Actor<DiscoveryMessage>, IRefusesSwap
{
    private const int MagicOffset = 0x000;
    private const int VersionOffset = 0x004;
    private const int DeviceOffset = 0x008;
    private const int VendorOffset = 0x00c;
    private const int MinimumLength = 0x100;
    private const uint Magic = 0x74726976;
    private const uint SupportedVersion = 2;

    private readonly VirtioMmioBus _bus;
    private readonly ActorRef<DeviceRegistrarMessage> _registrar;

    /// <summary>Creates the discovery.</summary>
    public VirtioMmioDiscovery(VirtioMmioBus bus, ActorRef<DeviceRegistrarMessage> registrar)
    {
        _bus = bus;
        _registrar = registrar;
    }

    /// <summary>The device behind a window, or null for an empty slot, a legacy device, or something that is no virtio.</summary>
    public static DeviceDescription? Identify(PlatformDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var registers = device.OpenRegisters();
        if (registers.Length < MinimumLength || registers.Read32(MagicOffset) != Magic || registers.Read32(VersionOffset) != SupportedVersion)
        {
            return null;
        }

        var type = registers.Read32(DeviceOffset);
        return type == 0 ? null : new DeviceDescription(device.Name, DeviceBus.VirtioMmio, registers.Read32(VendorOffset), type);
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it looks once, when it starts, and stops; a new one would never look, and whoever waits for the devices would wait for ever.";

    /// <inheritdoc/>
    protected override void Started()
    {
        var count = 0;
        foreach (var device in _bus.Devices)
        {
            if (Identify(device) is { } description)
            {
                count++;
                _registrar.Tell(new DeviceRegistrarMessage.Found(description, () => device));
            }
        }

        _registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.VirtioMmio, count));
        Context.Stop();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(DiscoveryMessage message) => default;
}
