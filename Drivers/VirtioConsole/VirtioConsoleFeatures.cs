// VIRTIO 1.2, section 5.3.3: feature bits of a console device.
namespace Troupe.Drivers.VirtioConsole;

/// <summary>Feature bits of a console device, as masks. VIRTIO_CONSOLE_F_EMERG_WRITE is left: the kernel's last words go out by the serial port.</summary>
internal static class VirtioConsoleFeatures
{
    /// <summary>VIRTIO_CONSOLE_F_SIZE: the configuration says how large the terminal is.</summary>
    public const ulong Size = 1UL << 0;

    /// <summary>VIRTIO_CONSOLE_F_MULTIPORT: there are several ports, and two queues for messages about them.</summary>
    public const ulong Multiport = 1UL << 1;
}
