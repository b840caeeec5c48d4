namespace Troupe.Core.Capabilities;

/// <summary>Where a PCI function is: bus 0 to 255, device 0 to 31, function 0 to 7 (PCI Local Bus 3.0, section 3.2.2.3.4).</summary>
public readonly record struct PciAddress
{
    /// <summary>Creates the address; parts out of range throw.</summary>
    public PciAddress(int bus, int device, int function)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bus, 255u, nameof(bus));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)device, 31u, nameof(device));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)function, 7u, nameof(function));
        Bus = (byte)bus;
        Device = (byte)device;
        Function = (byte)function;
    }

    /// <summary>The bus number.</summary>
    public byte Bus { get; }

    /// <summary>The device number on the bus.</summary>
    public byte Device { get; }

    /// <summary>The function number in the device.</summary>
    public byte Function { get; }

    /// <summary>The customary form, <c>00:1f.2</c>.</summary>
    public override string ToString() => $"{Bus:x2}:{Device:x2}.{Function}";
}
