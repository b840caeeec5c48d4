namespace Troupe.Core.Machine.Memory;

/// <summary>A part of the kernel image that is loaded with rights of its own: one PT_LOAD program header of the ELF file.</summary>
public struct ImageSegment
{
    /// <summary>ELF's PF_X.</summary>
    public const uint Executable = 1;

    /// <summary>ELF's PF_W.</summary>
    public const uint Writable = 2;

    /// <summary>ELF's PF_R.</summary>
    public const uint Readable = 4;

    /// <summary>p_vaddr and p_memsz; rounded out to pages here.</summary>
    public MemoryRange Range;

    /// <summary>p_flags.</summary>
    public uint Flags;
}
