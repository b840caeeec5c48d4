namespace Troupe.Drivers.Contracts;

/// <summary>
/// To a network device's driver. Owned when it carries frames: whoever drops the message disposes it.
/// </summary>
public readonly struct NetworkDeviceMessage : IDisposable
{
    private readonly object? _subject;

    private NetworkDeviceMessage(NetworkDeviceMessageKind kind, FrameBatch frames, object? subject)
    {
        Kind = kind;
        Frames = frames;
        _subject = subject;
    }

    /// <summary>What is asked for.</summary>
    public NetworkDeviceMessageKind Kind { get; }

    /// <summary>The frames of <see cref="NetworkDeviceMessageKind.Transmit"/>.</summary>
    public FrameBatch Frames { get; }

    /// <summary>The client of <see cref="NetworkDeviceMessageKind.Attach"/>.</summary>
    public NetworkDeviceClient? Client => _subject as NetworkDeviceClient;

    /// <summary>
    /// Sends frames, each starting at its Ethernet header, in order. The message owns the batch; each frame returns to its
    /// pool when the device is done with it. Frames that cannot be sent are dropped and counted.
    /// </summary>
    public static NetworkDeviceMessage Transmit(FrameBatch frames) => new(NetworkDeviceMessageKind.Transmit, frames, null);

    /// <summary>Makes <paramref name="client"/> the one that gets events, beginning with the device's state.</summary>
    public static NetworkDeviceMessage Attach(NetworkDeviceClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(NetworkDeviceMessageKind.Attach, default, client);
    }

    /// <summary>Ends delivery.</summary>
    public static NetworkDeviceMessage Detach() => new(NetworkDeviceMessageKind.Detach, default, null);

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static NetworkDeviceMessage Interrupt() => new(NetworkDeviceMessageKind.Interrupt, default, null);

    /// <summary>Work is left; sent by the driver to itself.</summary>
    public static NetworkDeviceMessage Continue() => new(NetworkDeviceMessageKind.Continue, default, null);

    /// <summary>Disposes the frames that are still inside.</summary>
    public void Dispose() => Frames.Dispose();
}
