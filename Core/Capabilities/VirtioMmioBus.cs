namespace Troupe.Core.Capabilities;

/// <summary>
/// The virtio-mmio windows the platform announced (on the kernel command line or in ACPI); a window may be empty, which
/// only a look at its registers tells.
/// </summary>
public abstract class VirtioMmioBus
{
    /// <summary>
    /// The announced windows in the order of announcement. Announcements that overlap RAM or each other are left out and
    /// logged by the platform.
    /// </summary>
    public abstract IReadOnlyList<PlatformDevice> Devices { get; }
}
