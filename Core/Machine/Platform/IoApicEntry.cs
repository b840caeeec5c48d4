using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>An I/O APIC.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoApicEntry
{
    /// <summary>Physical address of its register window.</summary>
    public ulong Address;

    /// <summary>The global system interrupt of its pin 0.</summary>
    public uint InterruptBase;

    /// <summary>Its APIC id, by which the MP table names it.</summary>
    public uint Id;

    /// <summary>How many pins it has; 0 until <see cref="IoApic{TPhysical, TMemory, TProcessors}.Initialize"/> asked it.</summary>
    public uint Pins;
}
