using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// To a network device's driver. Owned when it carries frames: whoever drops the message disposes it.
/// </summary>
public readonly struct NetworkDeviceMessage : IDisposable
{
    // A message is copied several times on its way, so it has one place for what only rare kinds carry.
    [SendableByContract("A client or a boxed Reply: the factories below put nothing else in.")]
    private readonly object? _subject;

    private NetworkDeviceMessage(NetworkDeviceMessageKind kind, FrameBatch frames = default, object? subject = null)
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

    /// <summary>Where the answer to <see cref="NetworkDeviceMessageKind.GetStatistics"/> goes.</summary>
    public Reply<NetworkDeviceStatistics> StatisticsReply => _subject is Reply<NetworkDeviceStatistics> reply ? reply : default;

    /// <summary>
    /// Sends frames, each starting at its Ethernet header, in order. The message owns the batch; each frame returns to its
    /// pool when the device is done with it. Frames that cannot be sent are dropped and counted.
    /// </summary>
    public static NetworkDeviceMessage Transmit(FrameBatch frames) => new(NetworkDeviceMessageKind.Transmit, frames);

    /// <summary>Makes <paramref name="client"/> the one that gets events, beginning with the device's state.</summary>
    public static NetworkDeviceMessage Attach(NetworkDeviceClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(NetworkDeviceMessageKind.Attach, subject: client);
    }

    /// <summary>Ends delivery.</summary>
    public static NetworkDeviceMessage Detach() => new(NetworkDeviceMessageKind.Detach);

    /// <summary>Asks for the statistics: <c>driver.AskAsync&lt;NetworkDeviceStatistics&gt;(NetworkDeviceMessage.GetStatistics)</c>.</summary>
    public static NetworkDeviceMessage GetStatistics(Reply<NetworkDeviceStatistics> reply) =>
        new(NetworkDeviceMessageKind.GetStatistics, subject: reply);

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static NetworkDeviceMessage Interrupt() => new(NetworkDeviceMessageKind.Interrupt);

    /// <summary>Work is left; sent by the driver to itself.</summary>
    public static NetworkDeviceMessage Continue() => new(NetworkDeviceMessageKind.Continue);

    /// <summary>Disposes the frames that are still inside.</summary>
    public void Dispose() => Frames.Dispose();
}
