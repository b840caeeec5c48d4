namespace Troupe.Drivers.Contracts;

/// <summary>
/// From a network device up to its client. Owned when it carries frames: whoever drops the event disposes it.
/// </summary>
public readonly struct NetworkDeviceEvent : IDisposable
{
    private NetworkDeviceEvent(NetworkDeviceEventKind kind, FrameBatch frames, NetworkDeviceInformation? information, bool isLinkUp)
    {
        Kind = kind;
        Frames = frames;
        Information = information;
        IsLinkUp = isLinkUp;
    }

    /// <summary>What happened.</summary>
    public NetworkDeviceEventKind Kind { get; }

    /// <summary>The frames of <see cref="NetworkDeviceEventKind.Received"/>, each starting at its Ethernet header.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The device, for <see cref="NetworkDeviceEventKind.Started"/>.</summary>
    public NetworkDeviceInformation? Information { get; }

    /// <summary>Whether the link is up, for <see cref="NetworkDeviceEventKind.Started"/> and <see cref="NetworkDeviceEventKind.LinkChanged"/>.</summary>
    public bool IsLinkUp { get; }

    /// <summary>The device runs.</summary>
    public static NetworkDeviceEvent Started(NetworkDeviceInformation information, bool isLinkUp) =>
        new(NetworkDeviceEventKind.Started, default, information, isLinkUp);

    /// <summary>The link came up or went down.</summary>
    public static NetworkDeviceEvent LinkChanged(bool isLinkUp) => new(NetworkDeviceEventKind.LinkChanged, default, null, isLinkUp);

    /// <summary>Frames came in; the event owns them.</summary>
    public static NetworkDeviceEvent Received(FrameBatch frames) => new(NetworkDeviceEventKind.Received, frames, null, isLinkUp: true);

    /// <summary>The device is gone for now.</summary>
    public static NetworkDeviceEvent Stopped() => new(NetworkDeviceEventKind.Stopped, default, null, isLinkUp: false);

    /// <summary>Disposes the frames that are still inside.</summary>
    public void Dispose() => Frames.Dispose();
}
