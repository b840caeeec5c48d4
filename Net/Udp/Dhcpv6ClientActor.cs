// RFC 8415: runs a stateless DHCPv6 client on UDP and an actor's timer.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>To the DHCPv6 client: a datagram, or with the default value, that a deadline is due.</summary>
public readonly struct Dhcpv6ClientMessage(UdpDatagram datagram) : IDisposable
{
    /// <summary>The datagram; none for a deadline.</summary>
    public UdpDatagram Datagram { get; } = datagram;

    /// <summary>Disposes the datagram.</summary>
    public void Dispose() => Datagram.Dispose();
}

/// <summary>
/// Asks for DNS servers and domains from its start on, and tells <paramref name="nameServers"/>. It waits for UDP, which never waits for it.
/// </summary>
/// <param name="link">Where datagrams are rented; whose address identifies the client.</param>
/// <param name="randomness">For identifiers and delays.</param>
/// <param name="udp">The UDP layer.</param>
/// <param name="nameServers">What a server says goes there.</param>
/// <param name="entries">Servers and domains that are taken, at most so many of each.</param>
/// <param name="counters">Of DHCP.</param>
public sealed class Dhcpv6ClientActor(
    LinkResources link, IRandomness randomness, ActorRef<UdpMessage> udp, NameServers nameServers, int entries, LayerCounters counters)
    : Actor<Dhcpv6ClientMessage>, IDhcpv6ClientOwner, IStateful<Dhcpv6ClientState>
{
    private readonly Queue<UdpDatagram> _outgoing = new();
    private Dhcpv6Client? _client;
    private Receiver? _receiver;
    private TimerHandle _deadline;

    /// <inheritdoc/>
    public Dhcpv6ClientState ExportState() => _client!.Export() with { Timer = _deadline };

    /// <inheritdoc/>
    public void ImportState(Dhcpv6ClientState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _client = new(link.Address, randomness, this);
        _client.Import(state);
        _deadline = state.Timer;
        // The first turn takes the port over from the predecessor's receiver, which knows the transaction of now and no later one.
        _deadline.Restart(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _client = new(link.Address, randomness, this);
        _deadline = Context.CreateTimer(default);
        _deadline.Restart(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(Dhcpv6ClientMessage message)
    {
        Dhcpv6Client client = _client!;
        if (!message.Datagram.Payload.IsNone)
        {
            Receive(client, message.Datagram);
        }
        else if (_receiver is null)
        {
            _receiver = new(Context.Self, counters);
            await udp.TellAsync(UdpMessage.Bind(Dhcpv6Message.ClientPort, _receiver, (byte)link.InterfaceIndex));
            if (client.State == Dhcpv6State.Idle)
                client.Start(Now);
            else
                client.Expire(Now);
        }
        else
        {
            client.Expire(Now);
        }

        // Before the question is out: its answer cannot come earlier.
        _receiver?.Await(client.TransactionId);
        while (_outgoing.TryDequeue(out UdpDatagram datagram))
            await udp.TellAsync(UdpMessage.Send(datagram));
        _deadline.RestartFor(client.NextDeadline, Now);
    }

    void IDhcpv6ClientOwner.Send(Dhcpv6Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!link.Frames.TryRent(out FrameBuffer frame))
        {
            counters.Drop(DropCause.NoBuffer);
            return;
        }

        frame.SetLength(Dhcpv6Message.MaximumRequestLength);
        frame.SetLength(message.Write(frame.Data));
        counters.CountSent();
        _outgoing.Enqueue(new(
            frame, new(Ipv6Address.Any, Dhcpv6Message.ClientPort), new(Dhcpv6Message.AllServers, Dhcpv6Message.ServerPort),
            new(MayFragment: true, Interface: (byte)link.InterfaceIndex)));
    }

    void IDhcpv6ClientOwner.Configure(Dhcpv6Message information)
    {
        ArgumentNullException.ThrowIfNull(information);
        nameServers.SetDhcpv6([.. information.NameServers.Select(static server => (IpAddress)server)], information.Domains);
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private void Receive(Dhcpv6Client client, in UdpDatagram datagram)
    {
        WireError error = Dhcpv6Message.TryParse(datagram.Payload.Data, entries, out Dhcpv6Message message);
        datagram.Dispose();
        if (error != WireError.None)
            counters.Drop(error);
        else if (!client.TryReceive(message, Now))
            counters.Drop(DropCause.Unacceptable);
    }

    // What does not answer the question of now takes no place in the client's mailbox.
    [SendableByContract("One number, that the client's turns write and the UDP layer's read.")]
    private sealed class Receiver(ActorRef<Dhcpv6ClientMessage> client, LayerCounters counters) : UdpReceiver
    {
        private uint _awaited;

        public void Await(uint transaction) => Volatile.Write(ref _awaited, transaction);

        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram)
        {
            counters.CountReceived();
            ReadOnlySpan<byte> bytes = datagram.Payload.Data;
            uint head = bytes.Length < 4 ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
            uint awaited = Volatile.Read(ref _awaited);
            // To the address of the link: nobody beyond it can send there (RFC 4291 2.5.6).
            if (awaited != 0 && head == (((uint)Dhcpv6MessageType.Reply << 24) | awaited) && datagram.Destination.Address.IsLinkLocal)
                return client.TryTell(new(datagram));
            counters.Drop(DropCause.Unacceptable);
            datagram.Dispose();
            return true;
        }
    }
}
