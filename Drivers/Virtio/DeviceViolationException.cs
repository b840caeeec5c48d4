namespace Troupe.Drivers.Virtio;

/// <summary>
/// The device wrote something into shared memory that the standard forbids. Nothing it wrote since can be believed; the
/// driver counts it, resets the device and builds its rings anew.
/// </summary>
public sealed class DeviceViolationException : Exception
{
    /// <summary>Creates the exception with what was found.</summary>
    public DeviceViolationException(string message) : base(message)
    {
    }
}
