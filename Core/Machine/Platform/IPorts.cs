namespace Troupe.Core.Machine;

/// <summary>The seam to x86's I/O ports. A port that nothing answers reads as all ones.</summary>
public interface IPorts
{
    /// <summary>Reads a byte.</summary>
    static abstract byte In8(ushort port);

    /// <summary>Writes a byte.</summary>
    static abstract void Out8(ushort port, byte value);

    /// <summary>Reads two bytes.</summary>
    static abstract ushort In16(ushort port);

    /// <summary>Writes two bytes.</summary>
    static abstract void Out16(ushort port, ushort value);

    /// <summary>Reads four bytes.</summary>
    static abstract uint In32(ushort port);

    /// <summary>Writes four bytes.</summary>
    static abstract void Out32(ushort port, uint value);
}
