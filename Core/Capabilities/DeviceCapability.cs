namespace Troupe.Core.Capabilities;

/// <summary>
/// Everything a driver may do with one device: derived from a bus, handed to exactly one driver, taken back as a whole.
/// </summary>
public abstract class DeviceCapability
{
    /// <summary>Where the device is, for logs and supervision: <c>pci 00:03.0</c>, <c>virtio-mmio 2</c>, <c>uart 0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The device's arena of at most <paramref name="limit"/> bytes. Each call makes a new one, for a new incarnation of the
    /// driver; the memory of older arenas stays where it is until their owner says that the device was reset.
    /// </summary>
    public abstract DmaArena CreateArena(long limit);

    /// <summary>
    /// Takes everything back: windows and lines refuse further use, lines are masked, arenas are revoked and bus mastering is
    /// switched off where the bus can. Further calls do nothing. The next driver of a PCI function gets a new capability.
    /// </summary>
    /// <remarks>
    /// Any thread, also while the driver runs: it fails at its next access, and finds <see cref="DmaArena.IsRevoked"/> when it does, because the arenas are revoked first. Nobody resets the
    /// device for it, so the memory that the arenas handed out stays in quarantine for good.
    /// </remarks>
    public abstract void Revoke();
}
