using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>An announced virtio-mmio register window (virtio 1.2, 4.2). Whether a device sits in it, its DeviceID register says.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VirtioMmioWindow
{
    /// <summary>Physical address.</summary>
    public ulong Address;

    /// <summary>Bytes.</summary>
    public ulong Length;

    /// <summary>Global system interrupt.</summary>
    public uint Interrupt;

    /// <summary>Polarity of the line.</summary>
    public InterruptPolarity Polarity;

    /// <summary>Trigger mode of the line.</summary>
    public InterruptTrigger Trigger;

    /// <summary>The <c>id</c> that the command line gave, or -1.</summary>
    public int Id;
}
