namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="BlockDeviceMessage"/> asks for.</summary>
public enum BlockDeviceMessageKind : byte
{
    /// <summary>Nothing; the default value is ignored.</summary>
    None,

    /// <summary>Do what is in a batch.</summary>
    Submit,

    /// <summary>Answer with what the device is like.</summary>
    GetInformation,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,

    /// <summary>From the driver to itself: the device interrupted.</summary>
    Interrupt,

    /// <summary>From the driver to itself: its timer.</summary>
    Deadline,
}
