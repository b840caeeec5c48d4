namespace Troupe.Core.Capabilities;

/// <summary>
/// A device that the platform announces as one register window and one interrupt line, without a bus to ask: a
/// virtio-mmio device, a UART.
/// </summary>
public abstract class PlatformDevice : DeviceCapability
{
    /// <summary>The device's registers; the same window on each call.</summary>
    public abstract RegisterWindow OpenRegisters();

    /// <summary>The device's interrupt line; the same line on each call.</summary>
    public abstract InterruptLine OpenInterrupt();
}
