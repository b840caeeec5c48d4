// RFC 768; man 7 udp: which of the sockets on a port gets a datagram.
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>
/// The datagram sockets of each port. A port is bound at the UDP layer while it has sockets, and those get a copy each in the layer's turns. The gate is
/// taken before a socket's, never the other way round.
/// </summary>
internal sealed class UdpDemultiplexer(ActorRef<UdpMessage> udp)
{
    private readonly object _gate = new();
    private readonly Dictionary<ushort, UdpPort> _ports = [];

    public void Add(UdpSocket socket, ushort port)
    {
        lock (_gate)
        {
            if (!_ports.TryGetValue(port, out UdpPort? entry))
            {
                _ports.Add(port, entry = new(_gate));
                Tell(UdpMessage.Bind(port, entry));
            }

            entry.Sockets.Add(socket);
        }
    }

    public void Remove(UdpSocket socket, ushort port)
    {
        lock (_gate)
        {
            if (!_ports.TryGetValue(port, out UdpPort? entry) || !entry.Sockets.Remove(socket) || entry.Sockets.Count > 0)
                return;
            _ports.Remove(port);
            Tell(UdpMessage.Unbind(port));
        }
    }

    /// <summary>Gives a datagram to the sockets of this host, as if it had come in on an interface.</summary>
    public void Loop(ReadOnlySpan<byte> payload, IpEndPoint source, IpEndPoint destination, int interfaceIndex)
    {
        UdpPort? entry;
        lock (_gate)
            _ports.TryGetValue(destination.Port, out entry);
        entry?.TryCopy(payload, source, destination, interfaceIndex);
    }

    // In the order of the calls, also when the layer's mailbox is full.
    private void Tell(UdpMessage message)
    {
        ValueTask telling = udp.TellAsync(message);
        if (!telling.IsCompletedSuccessfully)
            _ = telling.AsTask();
    }

    [SendableByContract("Does nothing but copy into queues that have gates.")]
    private sealed class UdpPort(object gate) : UdpReceiver
    {
        public List<UdpSocket> Sockets { get; } = [];

        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram)
        {
            int interfaceIndex = datagram.Source.Address.IsLoopback ? InternetInterface.LoopbackIndex : datagram.Interface;
            if (!TryCopy(datagram.Payload.Data, datagram.Source, datagram.Destination, interfaceIndex))
                return false;
            datagram.Dispose();
            return true;
        }

        public override bool IsFor(IpEndPoint source, IpEndPoint destination)
        {
            lock (gate)
                return Sockets.Exists(socket => socket.Matches(source, destination.Address) > 0);
        }

        public override void Fail(TransportError error)
        {
            lock (gate)
            {
                foreach (UdpSocket socket in Sockets)
                    socket.Fail(error);
            }
        }

        // To everybody whom it fits when it went to a group or to all stations, and otherwise to whom it fits best.
        public bool TryCopy(ReadOnlySpan<byte> payload, IpEndPoint source, IpEndPoint destination, int interfaceIndex)
        {
            bool everybody = destination.Address.IsMulticast || destination.Address == IpAddress.From(Ipv4Address.Broadcast);
            bool taken = false;
            lock (gate)
            {
                UdpSocket? best = null;
                int bestScore = 0;
                foreach (UdpSocket socket in Sockets)
                {
                    int score = socket.Matches(source, destination.Address);
                    if (everybody && score > 0)
                        taken |= socket.TryDeliver(payload, source, destination, interfaceIndex);
                    else if (score > bestScore)
                        (best, bestScore) = (socket, score);
                }

                return taken || (!everybody && best is not null && best.TryDeliver(payload, source, destination, interfaceIndex));
            }
        }
    }
}
