using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>What the driver of a device with console ports counted since it was first started; restarts go on counting.</summary>
[Sendable]
public sealed record ConsolePortStatistics
{
    /// <summary>Ports that the device has now and the driver serves.</summary>
    public int Ports { get; init; }

    /// <summary>Octets received for clients.</summary>
    public long ReceivedOctets { get; init; }

    /// <summary>Octets received of which no client wanted to hear, or that the device sent to a port that was not open.</summary>
    public long ReceiveDropped { get; init; }

    /// <summary>Octets that the device took and gave back.</summary>
    public long SentOctets { get; init; }

    /// <summary>Octets for an opening that was over, or in a buffer that is not the port's.</summary>
    public long SendDropped { get; init; }

    /// <summary>Octets at the device when it was reset.</summary>
    public long SendLostInReset { get; init; }

    /// <summary>Messages of the device about its ports that were understood and heeded.</summary>
    public long ControlMessages { get; init; }

    /// <summary>Those that made no sense where they came (an unknown kind, a port that is not there or has a name already, a name that is no UTF-8), and changed nothing. That a port is open may be said before it is there.</summary>
    public long ControlIgnored { get; init; }

    /// <summary>Ports that were refused because their numbers are too high.</summary>
    public long PortsRefused { get; init; }

    /// <summary>Interrupts taken.</summary>
    public long Interrupts { get; init; }

    /// <summary>Times the device broke the rules.</summary>
    public long DeviceViolations { get; init; }

    /// <summary>Times the device was reset after its first start.</summary>
    public long Resets { get; init; }

    /// <summary>Times the device was to be reset and was not, because its capability had been revoked: it is not driven any more.</summary>
    public long RefusedResets { get; init; }
}
