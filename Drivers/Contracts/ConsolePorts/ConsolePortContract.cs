using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>How far a console port and its client are with each other.</summary>
public enum ConsolePortState
{
    /// <summary>The device does not know the client.</summary>
    Detached,

    /// <summary>The client is attached, and the host has not opened the port, or there is none.</summary>
    Attached,

    /// <summary>The client has been told that the host opened the port.</summary>
    Open,
}

/// <summary>What a device and the client of a port send each other, as the device takes and sends it.</summary>
public enum ConsolePortStep
{
    /// <summary>Client: <see cref="ConsolePortMessageKind.Attach"/>.</summary>
    Attach,

    /// <summary>Client: <see cref="ConsolePortMessageKind.Detach"/>, or another client takes its place.</summary>
    Detach,

    /// <summary>Device: <see cref="ConsolePortEventKind.Opened"/>.</summary>
    Opened,

    /// <summary>Device: <see cref="ConsolePortEventKind.Received"/>.</summary>
    Received,

    /// <summary>Device: <see cref="ConsolePortEventKind.Sent"/>.</summary>
    Sent,

    /// <summary>Device: <see cref="ConsolePortEventKind.Resized"/>.</summary>
    Resized,

    /// <summary>Device: <see cref="ConsolePortEventKind.Closed"/>.</summary>
    Closed,
}

/// <summary>
/// The contract of a console port with its client (docs/drivers.md shows its graph). Seen from the device; a conversation is one client. Octets to send are legal at any time: they belong to
/// one opening of the port, and are dropped and counted when it is over.
/// </summary>
public static class ConsolePortContract
{
    /// <summary>The contract.</summary>
    public static Contract<ConsolePortState, ConsolePortStep> Instance { get; } =
        new Contract<ConsolePortState, ConsolePortStep>("console port", ConsolePortState.Detached)
            .Party("client", ConsolePortStep.Attach, ConsolePortStep.Detach)
            .Party("device", ConsolePortStep.Opened, ConsolePortStep.Received, ConsolePortStep.Sent, ConsolePortStep.Resized, ConsolePortStep.Closed)
            .Permit(ConsolePortState.Detached, ConsolePortStep.Attach, ConsolePortState.Attached)
            .Permit(ConsolePortState.Attached, ConsolePortStep.Opened, ConsolePortState.Open)
            .Permit(ConsolePortState.Attached, ConsolePortStep.Detach, ConsolePortState.Detached)
            .Permit(ConsolePortState.Open, ConsolePortStep.Closed, ConsolePortState.Attached)
            .Permit(ConsolePortState.Open, ConsolePortStep.Detach, ConsolePortState.Detached)
            .Allow(ConsolePortState.Open, ConsolePortStep.Received, ConsolePortStep.Sent, ConsolePortStep.Resized);

    internal static ConsolePortStep StepOf(ConsolePortEventKind kind) => kind switch
    {
        ConsolePortEventKind.Opened => ConsolePortStep.Opened,
        ConsolePortEventKind.Received => ConsolePortStep.Received,
        ConsolePortEventKind.Sent => ConsolePortStep.Sent,
        ConsolePortEventKind.Resized => ConsolePortStep.Resized,
        ConsolePortEventKind.Closed => ConsolePortStep.Closed,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This is no event of a port."),
    };
}
