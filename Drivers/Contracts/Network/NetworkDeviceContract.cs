using System.Diagnostics;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>How far a device and one of its clients are with each other.</summary>
public enum NetworkDeviceState
{
    /// <summary>The device does not know the client.</summary>
    Detached,

    /// <summary>The client is attached and has not been told that the device runs.</summary>
    Attached,

    /// <summary>The client has been told so, and what the device is like.</summary>
    Running,
}

/// <summary>What a device and its client send each other, as the device takes and sends it.</summary>
public enum NetworkDeviceStep
{
    /// <summary>Client: <see cref="NetworkDeviceMessageKind.Attach"/>.</summary>
    Attach,

    /// <summary>Client: <see cref="NetworkDeviceMessageKind.Detach"/>.</summary>
    Detach,

    /// <summary>Device: <see cref="NetworkDeviceEventKind.Started"/>.</summary>
    Started,

    /// <summary>Device: <see cref="NetworkDeviceEventKind.LinkChanged"/>.</summary>
    LinkChanged,

    /// <summary>Device: <see cref="NetworkDeviceEventKind.Received"/>.</summary>
    Received,

    /// <summary>Device: <see cref="NetworkDeviceEventKind.Stopped"/>.</summary>
    Stopped,
}

/// <summary>
/// The contract of a network device's driver with the link layer above it (docs/drivers.md shows its graph). Seen from the device; a conversation is
/// one client. Frames to transmit are legal at any time: they are dropped and counted where they cannot be sent.
/// </summary>
public static class NetworkDeviceContract
{
    /// <summary>The contract.</summary>
    public static Contract<NetworkDeviceState, NetworkDeviceStep> Instance { get; } =
        new Contract<NetworkDeviceState, NetworkDeviceStep>("network device", NetworkDeviceState.Detached)
            .Party("client", NetworkDeviceStep.Attach, NetworkDeviceStep.Detach)
            .Party("device", NetworkDeviceStep.Started, NetworkDeviceStep.LinkChanged, NetworkDeviceStep.Received, NetworkDeviceStep.Stopped)
            .Permit(NetworkDeviceState.Detached, NetworkDeviceStep.Attach, NetworkDeviceState.Attached)
            .Permit(NetworkDeviceState.Attached, NetworkDeviceStep.Started, NetworkDeviceState.Running)
            .Permit(NetworkDeviceState.Attached, NetworkDeviceStep.Detach, NetworkDeviceState.Detached)
            .Allow(NetworkDeviceState.Attached, NetworkDeviceStep.Attach)
            // Stopped, where the news of a start could not be told before.
            .Allow(NetworkDeviceState.Attached, NetworkDeviceStep.Stopped)
            .Permit(NetworkDeviceState.Running, NetworkDeviceStep.Stopped, NetworkDeviceState.Attached)
            .Permit(NetworkDeviceState.Running, NetworkDeviceStep.Attach, NetworkDeviceState.Attached)
            .Permit(NetworkDeviceState.Running, NetworkDeviceStep.Detach, NetworkDeviceState.Detached)
            // Started again after a reset, where the news of the stop could not be told.
            .Allow(NetworkDeviceState.Running, NetworkDeviceStep.Started, NetworkDeviceStep.LinkChanged, NetworkDeviceStep.Received);

    /// <summary>The device took a <see cref="NetworkDeviceMessageKind.Detach"/> while this client, or none, was attached.</summary>
    [Conditional("DEBUG")]
    public static void Detached(NetworkDeviceClient? client)
    {
        if (client is not null)
            Instance.Observe(client, NetworkDeviceStep.Detach);
    }

    internal static NetworkDeviceStep StepOf(NetworkDeviceEventKind kind) => kind switch
    {
        NetworkDeviceEventKind.Started => NetworkDeviceStep.Started,
        NetworkDeviceEventKind.LinkChanged => NetworkDeviceStep.LinkChanged,
        NetworkDeviceEventKind.Received => NetworkDeviceStep.Received,
        NetworkDeviceEventKind.Stopped => NetworkDeviceStep.Stopped,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This is no event of a device."),
    };
}
