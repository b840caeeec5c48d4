using System.Text;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

/// <summary>Keeps what it hears of its port, and gives buffers back at once unless told to hold them.</summary>
internal sealed class RecordingPortClient : ConsolePortClient
{
    private readonly List<byte> _octets = [];

    public List<ConsolePortEventKind> Events { get; } = [];

    public List<FrameBuffer> Held { get; } = [];

    public ConsolePortInformation? Port { get; private set; }

    public (int Columns, int Rows) Size { get; private set; }

    public bool Refuses { get; set; }

    public bool Holds { get; set; }

    public string Text => Encoding.UTF8.GetString([.. _octets]);

    public IReadOnlyList<byte> Octets => _octets;

    protected override bool TryTell(in ConsolePortEvent portEvent)
    {
        if (Refuses)
        {
            return false;
        }

        Events.Add(portEvent.Kind);
        Port = portEvent.Port ?? Port;
        if (portEvent.Kind == ConsolePortEventKind.Resized)
        {
            Size = (portEvent.Columns, portEvent.Rows);
        }
        else if (portEvent.Kind == ConsolePortEventKind.Received)
        {
            _octets.AddRange(portEvent.Octets.Data);
            if (Holds)
            {
                Held.Add(portEvent.Octets);
            }
            else
            {
                portEvent.Dispose();
            }
        }

        return true;
    }
}
