namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="NetworkDeviceEvent"/> tells.</summary>
public enum NetworkDeviceEventKind : byte
{
    /// <summary>Nothing; the default value.</summary>
    None,

    /// <summary>The device runs: <see cref="NetworkDeviceEvent.Information"/> and <see cref="NetworkDeviceEvent.IsLinkUp"/> are set. Sent on attach and again after each reset.</summary>
    Started,

    /// <summary>The link came up or went down: <see cref="NetworkDeviceEvent.IsLinkUp"/>.</summary>
    LinkChanged,

    /// <summary>Frames came in: <see cref="NetworkDeviceEvent.Frames"/>, which the receiver owns.</summary>
    Received,

    /// <summary>The device is gone for now (driver stopped or restarting); frames sent to it are dropped until the next start.</summary>
    Stopped,
}
