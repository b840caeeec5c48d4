namespace Troupe.Core.Capabilities;

/// <summary>
/// The machine refused what a driver asked of a capability: a window that overlaps RAM, a vector that does not exist,
/// DMA memory past the arena's limit, or anything at all after <see cref="DeviceCapability.Revoke"/>.
/// </summary>
/// <remarks>
/// An access outside a window or block is not this: that is a fault of the driver's code and throws
/// <see cref="ArgumentOutOfRangeException"/>, which its supervisor sees.
/// </remarks>
public sealed class CapabilityException : Exception
{
    /// <summary>Creates the exception with the reason.</summary>
    public CapabilityException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with the reason and what caused it.</summary>
    public CapabilityException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
