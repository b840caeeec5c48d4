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
}
