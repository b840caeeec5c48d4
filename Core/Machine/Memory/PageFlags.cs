namespace Troupe.Core.Machine.Memory;

/// <summary>
/// Bits of a page-table entry (SDM vol. 3, 4.5, tables 4-15 to 4-20). Bits 9 to 11 are ignored by the processor and are ours.
/// </summary>
[Flags]
public enum PageFlags : ulong
{
    /// <summary>No bit: readable by the kernel, executable.</summary>
    None = 0,

    /// <summary>The entry maps a page or names a table.</summary>
    Present = 1UL << 0,

    /// <summary>May be written (CR0.WP is set: this binds the kernel too).</summary>
    Writable = 1UL << 1,

    /// <summary>Reachable from ring 3; never set, everything runs in ring 0.</summary>
    User = 1UL << 2,

    /// <summary>PWT: write-through.</summary>
    WriteThrough = 1UL << 3,

    /// <summary>PCD: uncached. With the PAT as reset leaves it, PCD and PWT together are strong UC: what device windows use.</summary>
    CacheDisable = 1UL << 4,

    /// <summary>Set by the processor when it used the entry.</summary>
    Accessed = 1UL << 5,

    /// <summary>Set by the processor when it wrote through the entry.</summary>
    Dirty = 1UL << 6,

    /// <summary>PS: the entry maps 2 MiB or 1 GiB itself. In a 4 KiB entry the bit selects the PAT and is never set by us.</summary>
    Large = 1UL << 7,

    /// <summary>Survives a reload of CR3.</summary>
    Global = 1UL << 8,

    /// <summary>
    /// Ours, not present: the entry keeps its frame though nobody may access it (PROT_NONE over contents that must survive).
    /// </summary>
    Kept = 1UL << 9,

    /// <summary>Ours, not present: unmapped, but translations may linger; frame or table is freed after the shootdown.</summary>
    Stale = 1UL << 10,

    /// <summary>Ours: the entry maps the shared frame of zeros; a write gets a frame of its own.</summary>
    SharedZero = 1UL << 11,

    /// <summary>May not be executed (EFER.NXE is set).</summary>
    NoExecute = 1UL << 63,
}
