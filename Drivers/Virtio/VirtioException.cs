namespace Troupe.Drivers.Virtio;

/// <summary>The device cannot be used: not virtio 1.x, a queue is missing, a reset does not finish, features are refused.</summary>
public sealed class VirtioException : Exception
{
    /// <summary>Creates the exception with the reason.</summary>
    public VirtioException(string message) : base(message)
    {
    }
}
