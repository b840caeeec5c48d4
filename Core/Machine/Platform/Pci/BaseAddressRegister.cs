using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>A base address register of a PCI function, sized.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BaseAddressRegister
{
    /// <summary>Bus address or first port; 0: it has none.</summary>
    public ulong Address;

    /// <summary>Bytes, a power of two; never 0.</summary>
    public ulong Length;

    /// <summary>Bus &lt;&lt; 16 | device &lt;&lt; 11 | function &lt;&lt; 8.</summary>
    public uint Function;

    /// <summary>Number of the register, 0 to 5.</summary>
    public byte Number;

    /// <summary>Whether it is of I/O ports.</summary>
    public bool IsPort;

    /// <summary>Whether it takes the next register too.</summary>
    public bool Is64Bit;
}
