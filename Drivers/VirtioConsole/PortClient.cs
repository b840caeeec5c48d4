using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>The client of a port of some name, and what it has not been told yet, in order. Outlives ports, starts of the device, and incarnations of the driver.</summary>
internal sealed class PortClient(string name, ConsolePortClient client)
{
    private readonly Queue<ConsolePortEvent> _events = new();
    private ConsolePortEventKind _last;
    private (int Columns, int Rows)? _size;
    private bool _owesSent;
    private bool _isToldOpen;

    public string Name => name;

    public ConsolePortClient Client => client;

    /// <summary>The port that it has now.</summary>
    public ConsolePort? Port { get; set; }

    /// <summary>
    /// Tells of an event, after what waits. What waits is bounded: by the port's buffers, and because an opening in which nothing came is not told at all if it is over before it was told.
    /// </summary>
    public void Tell(ConsolePortEvent portEvent)
    {
        var kind = portEvent.Kind;
        if (kind == ConsolePortEventKind.Closed)
        {
            _owesSent = false;
            _size = null;
            if (_events.Count > 0 && _last == ConsolePortEventKind.Opened)
            {
                RemoveLast();
                return;
            }
        }

        _last = kind;
        _events.Enqueue(portEvent);
    }

    /// <summary>Tells that buffers came back, once for all of them and after everything else.</summary>
    public void TellSent() => _owesSent = true;

    /// <summary>Tells how large the terminal is: the last size alone, after everything else.</summary>
    public void TellSize(int columns, int rows) => _size = (columns, rows);

    /// <summary>Hands on what waits; false if the client has no room for it.</summary>
    public bool TryDeliver()
    {
        while (_events.TryPeek(out var next))
        {
            var kind = next.Kind;
            if (!client.TryDeliver(in next))
            {
                return false;
            }

            _events.Dequeue();
            _isToldOpen = kind != ConsolePortEventKind.Closed;
        }

        if (!_isToldOpen)
        {
            return true;
        }

        if (_size is var (columns, rows))
        {
            var resized = ConsolePortEvent.Resized(columns, rows);
            if (!client.TryDeliver(in resized))
            {
                return false;
            }

            _size = null;
        }

        if (_owesSent)
        {
            var sent = ConsolePortEvent.Sent();
            if (!client.TryDeliver(in sent))
            {
                return false;
            }

            _owesSent = false;
        }

        return true;
    }

    /// <summary>Forgets what waits: nobody is told any more.</summary>
    public void Clear()
    {
        while (_events.TryDequeue(out var portEvent))
        {
            portEvent.Dispose();
        }
    }

    /// <summary>Takes away the opening that was to be told last. What is before it, if anything, is a close.</summary>
    private void RemoveLast()
    {
        for (var count = _events.Count; count > 1; count--)
        {
            _events.Enqueue(_events.Dequeue());
        }

        _events.Dequeue();
        _last = ConsolePortEventKind.Closed;
    }
}
