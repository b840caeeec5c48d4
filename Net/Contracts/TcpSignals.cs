namespace Troupe.Net.Contracts;

/// <summary>What an application tells its connection's actor without a queue of its own: each is a bit, raised any number of times.</summary>
[Flags]
public enum TcpSignals
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Octets, or the end of them, wait to be sent.</summary>
    OutputAvailable = 1,

    /// <summary>The application read enough for the window to open.</summary>
    InputConsumed = 2,

    /// <summary>The application reads no more.</summary>
    InputClosed = 4,

    /// <summary>The application wants the connection gone.</summary>
    Abort = 8,

    /// <summary>The application changed a setting.</summary>
    SettingsChanged = 16,
}
