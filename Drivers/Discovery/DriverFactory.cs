using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>Starts the driver of one kind of device. Made by the composition root, which alone knows drivers by type.</summary>
public abstract class DriverFactory
{
    /// <summary>The driver's name, for logs and for the names of its actors.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the driver can drive the device.</summary>
    public abstract bool Matches(DeviceDescription device);

    /// <summary>
    /// Spawns the driver's actor, which owns <paramref name="capability"/> from then on. Runs in the registrar's turn. On an
    /// exception the registrar revokes the capability and notes the failure.
    /// </summary>
    public abstract ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability);
}
