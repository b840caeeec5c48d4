using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>A window of PCI Express configuration space (PCI Express Base 7.2.2): 4 KiB per function, 1 MiB per bus.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EcamRange
{
    /// <summary>Physical address of bus 0's configuration space, whatever <see cref="FirstBus"/> is.</summary>
    public ulong Address;

    /// <summary>PCI segment group.</summary>
    public ushort Segment;

    /// <summary>First bus that the window decodes.</summary>
    public byte FirstBus;

    /// <summary>Last bus that the window decodes.</summary>
    public byte LastBus;
}
