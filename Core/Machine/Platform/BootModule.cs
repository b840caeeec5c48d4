using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>A file that the loader put into memory (<c>-initrd</c> in QEMU): <c>hvm_modlist_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BootModule
{
    /// <summary>Physical address.</summary>
    public ulong Address;

    /// <summary>Bytes.</summary>
    public ulong Length;

    /// <summary>Physical address of the module's own zero-terminated command line, or 0.</summary>
    public ulong CommandLine;
}
