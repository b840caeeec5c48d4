using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// To the driver of a device with console ports: streams of octets to the host, each with a name. Owned when it carries octets: whoever drops the message disposes of it.
/// </summary>
public readonly struct ConsolePortMessage : IDisposable
{
    /// <summary>The name of the one port that is the console: that of a device without several, or the first that the device calls so.</summary>
    public const string ConsoleName = "";

    private ConsolePortMessage(
        ConsolePortMessageKind kind,
        string? name = null,
        ConsolePortClient? client = null,
        ConsolePortInformation? port = null,
        FrameBuffer octets = default,
        Reply<ConsolePortStatistics> statisticsReply = default)
    {
        Kind = kind;
        Name = name;
        Client = client;
        Port = port;
        Octets = octets;
        StatisticsReply = statisticsReply;
    }

    /// <summary>What is asked for.</summary>
    public ConsolePortMessageKind Kind { get; }

    /// <summary>The port's name, for <see cref="ConsolePortMessageKind.Attach"/>.</summary>
    public string? Name { get; }

    /// <summary>The client of <see cref="ConsolePortMessageKind.Attach"/> and <see cref="ConsolePortMessageKind.Detach"/>.</summary>
    public ConsolePortClient? Client { get; }

    /// <summary>Which opening of which port, for <see cref="ConsolePortMessageKind.Send"/>.</summary>
    public ConsolePortInformation? Port { get; }

    /// <summary>The octets of <see cref="ConsolePortMessageKind.Send"/>.</summary>
    public FrameBuffer Octets { get; }

    /// <summary>Where the answer to <see cref="ConsolePortMessageKind.GetStatistics"/> goes.</summary>
    public Reply<ConsolePortStatistics> StatisticsReply { get; }

    /// <summary>
    /// Makes <paramref name="client"/> that of the port called <paramref name="name"/>, in place of any before. It stays so while the port goes and comes, and while the device or its driver starts
    /// again; it hears when the host opens the port.
    /// </summary>
    public static ConsolePortMessage Attach(string name, ConsolePortClient client)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(client);
        return new(ConsolePortMessageKind.Attach, name, client);
    }

    /// <summary>Ends delivery to a client; the host sees its port closed.</summary>
    public static ConsolePortMessage Detach(ConsolePortClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(ConsolePortMessageKind.Detach, client: client);
    }

    /// <summary>
    /// Sends the octets of a buffer rented from <see cref="ConsolePortInformation.SendBuffers"/>, or of one that was received here, after what was sent before. The buffer moves to the driver and
    /// returns to its pool when the device is done with it, which <see cref="ConsolePortEventKind.Sent"/> tells. Octets for an opening that is over are dropped and counted.
    /// </summary>
    public static ConsolePortMessage Send(ConsolePortInformation port, FrameBuffer octets)
    {
        ArgumentNullException.ThrowIfNull(port);
        return new(ConsolePortMessageKind.Send, port: port, octets: octets);
    }

    /// <summary>
    /// Tells that the client gave received buffers back, so that the host may go on. Nothing is lost if the driver's mailbox refuses it: the driver looks with every message that it handles.
    /// </summary>
    public static ConsolePortMessage Resume() => new(ConsolePortMessageKind.Resume);

    /// <summary>Asks for the statistics: <c>driver.AskAsync&lt;ConsolePortStatistics&gt;(ConsolePortMessage.GetStatistics)</c>.</summary>
    public static ConsolePortMessage GetStatistics(Reply<ConsolePortStatistics> reply) => new(ConsolePortMessageKind.GetStatistics, statisticsReply: reply);

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static ConsolePortMessage Interrupt() => new(ConsolePortMessageKind.Interrupt);

    /// <summary>The driver's own timer.</summary>
    public static ConsolePortMessage Deadline() => new(ConsolePortMessageKind.Deadline);

    /// <summary>Disposes of the octets.</summary>
    public void Dispose() => Octets.Dispose();
}
