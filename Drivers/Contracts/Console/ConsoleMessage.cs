using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>To a console's driver.</summary>
public readonly struct ConsoleMessage
{
    private ConsoleMessage(
        ConsoleMessageKind kind, ImmutableArray<byte> bytes = default, ConsoleClient? client = null, Reply<ConsoleStatistics> reply = default)
    {
        Kind = kind;
        Bytes = bytes;
        Client = client;
        StatisticsReply = reply;
    }

    /// <summary>What is asked for.</summary>
    public ConsoleMessageKind Kind { get; }

    /// <summary>The bytes of <see cref="ConsoleMessageKind.Write"/>.</summary>
    public ImmutableArray<byte> Bytes { get; }

    /// <summary>The client of <see cref="ConsoleMessageKind.Attach"/>.</summary>
    public ConsoleClient? Client { get; }

    /// <summary>Where the answer to <see cref="ConsoleMessageKind.GetStatistics"/> goes.</summary>
    public Reply<ConsoleStatistics> StatisticsReply { get; }

    /// <summary>Prints bytes as they are. More than the driver's queue holds is cut and counted.</summary>
    public static ConsoleMessage Write(ImmutableArray<byte> bytes) => new(ConsoleMessageKind.Write, bytes.IsDefault ? [] : bytes);

    /// <summary>Makes <paramref name="client"/> the reader of the console.</summary>
    public static ConsoleMessage Attach(ConsoleClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(ConsoleMessageKind.Attach, client: client);
    }

    /// <summary>Tells that the client, which refused input, has room again.</summary>
    public static ConsoleMessage Resume() => new(ConsoleMessageKind.Resume);

    /// <summary>Asks for the statistics.</summary>
    public static ConsoleMessage GetStatistics(Reply<ConsoleStatistics> reply) => new(ConsoleMessageKind.GetStatistics, reply: reply);

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static ConsoleMessage Interrupt() => new(ConsoleMessageKind.Interrupt);
}
