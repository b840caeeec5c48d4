namespace Troupe.Core.Machine;

/// <summary>The seam to I/O ports on the machine: IN and OUT.</summary>
public readonly struct KernelPorts : IPorts
{
    /// <inheritdoc/>
    public static byte In8(ushort port) => Instructions.In8(port);

    /// <inheritdoc/>
    public static void Out8(ushort port, byte value) => Instructions.Out8(port, value);

    /// <inheritdoc/>
    public static ushort In16(ushort port) => Instructions.In16(port);

    /// <inheritdoc/>
    public static void Out16(ushort port, ushort value) => Instructions.Out16(port, value);

    /// <inheritdoc/>
    public static uint In32(ushort port) => Instructions.In32(port);

    /// <inheritdoc/>
    public static void Out32(ushort port, uint value) => Instructions.Out32(port, value);
}
