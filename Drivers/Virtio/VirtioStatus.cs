// VIRTIO 1.2, section 2.1: device status field.
namespace Troupe.Drivers.Virtio;

/// <summary>How far driver and device have come with each other.</summary>
[Flags]
public enum VirtioStatus : byte
{
    /// <summary>Reset: the device uses no memory of ours.</summary>
    Reset = 0,

    /// <summary>The device was noticed.</summary>
    Acknowledge = 1,

    /// <summary>There is a driver for it.</summary>
    Driver = 2,

    /// <summary>The driver runs; the device may use its queues.</summary>
    DriverOk = 4,

    /// <summary>Feature negotiation is over.</summary>
    FeaturesOk = 8,

    /// <summary>The device is in an error from which only a reset helps.</summary>
    NeedsReset = 64,

    /// <summary>The driver gave up on the device.</summary>
    Failed = 128,
}
