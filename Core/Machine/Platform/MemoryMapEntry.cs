using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>What a range of physical addresses holds: the E820 types (ACPI 6.5, table 15.4), as <c>hvm_memmap_table_entry</c> has them.</summary>
public enum MemoryKind
{
    /// <summary>RAM that is ours.</summary>
    Usable = 1,

    /// <summary>Not to be touched.</summary>
    Reserved = 2,

    /// <summary>RAM that holds ACPI tables: ours once they have been read.</summary>
    AcpiReclaimable = 3,

    /// <summary>ACPI non-volatile storage.</summary>
    AcpiNonVolatile = 4,

    /// <summary>Broken RAM.</summary>
    Unusable = 5,

    /// <summary>RAM that is switched off.</summary>
    Disabled = 6,

    /// <summary>Persistent memory.</summary>
    Persistent = 7,
}

/// <summary>One range of the machine's memory map.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryMapEntry
{
    /// <summary>First byte.</summary>
    public ulong Address;

    /// <summary>Bytes; <c>Address + Length</c> does not overflow.</summary>
    public ulong Length;

    /// <summary>What is there; kinds not named by the enumeration are to be treated as reserved.</summary>
    public MemoryKind Kind;

    private uint _reserved;
}
