namespace Troupe.Drivers.Contracts;

/// <summary>From a console port to its client. Owned when it carries octets: whoever drops the event disposes of it.</summary>
public readonly struct ConsolePortEvent : IDisposable
{
    private ConsolePortEvent(ConsolePortEventKind kind, ConsolePortInformation? port = null, FrameBuffer octets = default, int columns = 0, int rows = 0)
    {
        Kind = kind;
        Port = port;
        Octets = octets;
        Columns = columns;
        Rows = rows;
    }

    /// <summary>What happened.</summary>
    public ConsolePortEventKind Kind { get; }

    /// <summary>The port and this opening of it, for <see cref="ConsolePortEventKind.Opened"/>.</summary>
    public ConsolePortInformation? Port { get; }

    /// <summary>The octets of <see cref="ConsolePortEventKind.Received"/>, at least one.</summary>
    public FrameBuffer Octets { get; }

    /// <summary>Characters in a row, for <see cref="ConsolePortEventKind.Resized"/>.</summary>
    public int Columns { get; }

    /// <summary>Rows, for <see cref="ConsolePortEventKind.Resized"/>.</summary>
    public int Rows { get; }

    /// <summary>The host opened the port.</summary>
    public static ConsolePortEvent Opened(ConsolePortInformation port) => new(ConsolePortEventKind.Opened, port);

    /// <summary>Octets came in; the event owns them.</summary>
    public static ConsolePortEvent Received(FrameBuffer octets) => new(ConsolePortEventKind.Received, octets: octets);

    /// <summary>Buffers that were sent are back in their pool.</summary>
    public static ConsolePortEvent Sent() => new(ConsolePortEventKind.Sent);

    /// <summary>The terminal has another size.</summary>
    public static ConsolePortEvent Resized(int columns, int rows) => new(ConsolePortEventKind.Resized, columns: columns, rows: rows);

    /// <summary>The port is closed.</summary>
    public static ConsolePortEvent Closed() => new(ConsolePortEventKind.Closed);

    /// <summary>Disposes of the octets.</summary>
    public void Dispose() => Octets.Dispose();
}
