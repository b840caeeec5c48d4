using Troupe.Actors;

namespace Troupe.Drivers.Discovery;

/// <summary>What the registrar knows of a device.</summary>
/// <param name="Device">The device.</param>
/// <param name="DriverName">The driver that fits, or null.</param>
/// <param name="Driver">The driver's actor, or null if there is none or it could not be started.</param>
/// <param name="Problem">Why it could not be started, or null.</param>
[Sendable]
public sealed record DeviceEntry(DeviceDescription Device, string? DriverName, ActorRef? Driver, string? Problem);
