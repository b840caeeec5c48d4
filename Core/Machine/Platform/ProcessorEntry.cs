using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>A processor that firmware says is enabled.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessorEntry
{
    /// <summary>The id that interrupts are sent to: 8 bits in xAPIC mode, 32 in x2APIC mode. Never assume that it equals an index.</summary>
    public uint ApicId;

    /// <summary>ACPI's own number for the processor; 0 from the MP table.</summary>
    public uint AcpiId;
}
