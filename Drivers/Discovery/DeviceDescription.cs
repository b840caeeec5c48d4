namespace Troupe.Drivers.Discovery;

/// <summary>What a look at a device told, without a driver.</summary>
/// <param name="Name">Where it is.</param>
/// <param name="Bus">How it was found.</param>
/// <param name="Vendor">Who made it.</param>
/// <param name="Device">What it is.</param>
/// <param name="ClassCode">PCI: base class, subclass and programming interface, 8 bits each; 0 elsewhere.</param>
public sealed record DeviceDescription(string Name, DeviceBus Bus, uint Vendor, uint Device, uint ClassCode = 0);
