using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioConsole;

/// <content>Who uses the ports, and what they are told (<see cref="ConsolePortContract"/>).</content>
public sealed partial class VirtioConsoleDevice
{
    private readonly List<PortClient> _clients = [];

    internal void Attach(string name, ConsolePortClient client)
    {
        Detach(client);
        if (_clients.Find(attached => attached.Name == name) is { } before)
        {
            Detach(before.Client);
        }

        ConsolePortContract.Instance.Observe(client, ConsolePortStep.Attach);
        var next = new PortClient(name, client);
        _clients.Add(next);
        foreach (var port in Ports)
        {
            if (port.IsAdded && port.Client is null && IsFor(next, port))
            {
                Bind(port, next);
                return;
            }
        }
    }

    internal void Detach(ConsolePortClient client)
    {
        if (_clients.Find(attached => ReferenceEquals(attached.Client, client)) is not { } leaving)
        {
            return;
        }

        ConsolePortContract.Instance.Observe(client, ConsolePortStep.Detach);
        _clients.Remove(leaving);
        leaving.Clear();
        if (leaving.Port is { } port)
        {
            port.Opening = null;
            port.Client = null;
            _control?.Send(new ControlMessage((uint)port.Number, ControlEvent.PortOpen, 0));
        }
    }

    /// <summary>Sends octets if their opening is not over, and drops them otherwise.</summary>
    internal void Send(ConsolePortInformation opening, FrameBuffer octets)
    {
        foreach (var port in Ports)
        {
            if (ReferenceEquals(port.Opening, opening))
            {
                if (port.TrySend(octets))
                {
                    return;
                }

                break;
            }
        }

        _sendDropped += octets.Length;
        octets.Dispose();
    }

    /// <summary>Tells clients what they have not been told; false if one has no room for it.</summary>
    internal bool TryDeliver()
    {
        var isDone = true;
        foreach (var client in _clients)
        {
            isDone &= client.TryDeliver();
        }

        return isDone;
    }

    private void FindClientFor(ConsolePort port)
    {
        if (port.Client is null && _clients.Find(client => client.Port is null && IsFor(client, port)) is { } waiting)
        {
            Bind(port, waiting);
        }
    }

    private static bool IsFor(PortClient client, ConsolePort port) => client.Name == ConsolePortMessage.ConsoleName ? port.IsConsole : port.Name == client.Name;

    private void Bind(ConsolePort port, PortClient client)
    {
        port.Client = client;
        client.Port = port;
        port.Buffers ??= new PortBuffers(_arena);
        port.Refill();
        _control?.Send(new ControlMessage((uint)port.Number, ControlEvent.PortOpen, 1));
        BeginIfOpen(port);
    }

    private void BeginIfOpen(ConsolePort port)
    {
        if (port.Opening is null && port.IsHostOpen && port.Client is { } client)
        {
            port.Opening = new ConsolePortInformation { Device = Name, Name = client.Name, SendBuffers = port.Buffers!.Send };
            client.Tell(ConsolePortEvent.Opened(port.Opening));
            TellSize();
        }
    }

    private static void End(ConsolePort port)
    {
        if (port.Opening is not null)
        {
            port.Opening = null;
            port.Client!.Tell(ConsolePortEvent.Closed());
        }
    }
}
