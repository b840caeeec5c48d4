namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="NetworkDeviceMessage"/> asks for.</summary>
public enum NetworkDeviceMessageKind : byte
{
    /// <summary>Nothing; the default value is ignored.</summary>
    None,

    /// <summary>Send frames.</summary>
    Transmit,

    /// <summary>Deliver events to a client from now on, instead of any client before.</summary>
    Attach,

    /// <summary>Drop what comes in from now on.</summary>
    Detach,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,

    /// <summary>From the driver to itself: the device interrupted.</summary>
    Interrupt,

    /// <summary>From the driver to itself: go on with work that was cut short to let other messages in.</summary>
    Continue,
}
