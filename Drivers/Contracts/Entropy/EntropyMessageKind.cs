namespace Troupe.Drivers.Contracts;

/// <summary>What an <see cref="EntropyMessage"/> asks for.</summary>
public enum EntropyMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Random bytes.</summary>
    Request,

    /// <summary>From the driver to itself: the device interrupted.</summary>
    Interrupt,

    /// <summary>From the driver to itself: the device has had long enough.</summary>
    Deadline,
}
