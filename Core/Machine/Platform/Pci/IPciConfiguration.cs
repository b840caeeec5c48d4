namespace Troupe.Core.Machine;

/// <summary>The seam to PCI configuration space. A function that is not there reads as all ones.</summary>
public interface IPciConfiguration
{
    /// <summary>Reads the register of a function.</summary>
    /// <param name="function">Bus &lt;&lt; 16 | device &lt;&lt; 11 | function &lt;&lt; 8, as in mechanism #1.</param>
    /// <param name="register">Offset, a multiple of four.</param>
    static abstract uint Read32(uint function, uint register);

    /// <summary>Writes the register of a function.</summary>
    static abstract void Write32(uint function, uint register, uint value);
}
