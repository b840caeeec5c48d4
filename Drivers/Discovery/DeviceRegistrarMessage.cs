using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>To the registrar of devices. One of the nested types.</summary>
[Sendable]
public abstract record DeviceRegistrarMessage
{
    private DeviceRegistrarMessage()
    {
    }

    /// <summary>A device was found; <paramref name="Open"/> gives its capability and is called only if a driver fits.</summary>
    public sealed record Found(
        DeviceDescription Device,
        [property: SendableByContract("Run once, in the registrar's turn; the discovery that made it has read all it wants by then.")] Func<DeviceCapability> Open)
        : DeviceRegistrarMessage;

    /// <summary>The driver of a device has stopped for good.</summary>
    internal sealed record DriverStopped(
        [property: SendableByContract("From the registrar to itself; the driver that used it has stopped.")] DeviceCapability Capability)
        : DeviceRegistrarMessage;

    /// <summary>A discovery has told all it found.</summary>
    public sealed record ScanCompleted(DeviceBus Bus, int DeviceCount) : DeviceRegistrarMessage;

    /// <summary>Asks for all devices, once every expected discovery has completed.</summary>
    public sealed record GetDevices(Reply<ImmutableArray<DeviceEntry>> Reply) : DeviceRegistrarMessage;
}
