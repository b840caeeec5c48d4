namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="ConsolePortEvent"/> tells.</summary>
public enum ConsolePortEventKind : byte
{
    /// <summary>Nothing; the default value.</summary>
    None,

    /// <summary>The host opened the port: <see cref="ConsolePortEvent.Port"/>.</summary>
    Opened,

    /// <summary>Octets came in: <see cref="ConsolePortEvent.Octets"/>, which the receiver owns.</summary>
    Received,

    /// <summary>The device is done with buffers that were sent: some can be rented again.</summary>
    Sent,

    /// <summary>The terminal at the host's end has another size: <see cref="ConsolePortEvent.Columns"/> and <see cref="ConsolePortEvent.Rows"/>. Only of a port that is a console.</summary>
    Resized,

    /// <summary>The host closed the port, or it is gone, or its device was reset. What was received before has been delivered; what was sent may be lost.</summary>
    Closed,
}
