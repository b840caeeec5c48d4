namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The seam to the one copy routine that may fault in the kernel: its instructions are in a fix-up table, and a page fault there
/// makes it return.
/// </summary>
public unsafe interface IFaultingCopy
{
    /// <summary>Copies upwards until a byte cannot be read or written.</summary>
    /// <returns>How many bytes at the end were not copied; 0 when all were.</returns>
    static abstract ulong Copy(void* destination, void* source, ulong bytes);
}
