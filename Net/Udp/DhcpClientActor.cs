// RFC 2131: runs a DHCP client on UDP and an actor's timer.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>To the DHCP client: a datagram, or a conflict, or with the default value, that a deadline is due.</summary>
public readonly struct DhcpClientMessage(UdpDatagram datagram, Ipv4Address conflict = default) : IDisposable
{
    /// <summary>The address that somebody else uses; none otherwise.</summary>
    public Ipv4Address Conflict { get; } = conflict;

    /// <summary>The datagram; none for a deadline.</summary>
    public UdpDatagram Datagram { get; } = datagram;

    /// <summary>Disposes the datagram.</summary>
    public void Dispose() => Datagram.Dispose();
}

/// <summary>
/// Asks for an address and tells whoever wants to know. It waits for UDP and for the link layer, which never wait for it, and for what
/// <paramref name="configure"/> waits for.
/// </summary>
public sealed class DhcpClientActor(
    LinkResources link, IRandomness randomness, ActorRef<UdpMessage> udp, ActorRef<LinkMessage> ethernet, Func<InterfaceConfiguration?, ValueTask> configure,
    LayerCounters counters) : Actor<DhcpClientMessage>, IDhcpClientOwner, IStateful<DhcpClientState>
{
    // RFC 5227 1.1: all probes and the wait after them, and some more for a busy host.
    private static readonly TimeSpan LongestProbe = TimeSpan.FromMinutes(1);

    private readonly Queue<UdpDatagram> _outgoing = new();
    private DhcpClient? _client;
    private TimerHandle _deadline;
    private InterfaceConfiguration? _configuration;
    private bool _configurationChanged;
    private Ipv4Address _toCheck;

    /// <inheritdoc/>
    public DhcpClientState ExportState() => _client!.Export() with { Timer = _deadline };

    /// <inheritdoc/>
    public void ImportState(DhcpClientState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        // Port and observer name the actor, which stays.
        _client = new(link.Address, randomness, this);
        _client.Import(state);
        _deadline = state.Timer;
        _configuration = state.Configuration;
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _client = new(link.Address, randomness, this);
        _deadline = Context.CreateTimer(default);
        _deadline.Restart(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(DhcpClientMessage message)
    {
        DhcpClient client = _client!;
        if (!message.Datagram.Payload.IsNone)
            Receive(client, message.Datagram);
        else if (!message.Conflict.IsAny)
            client.Conflict(message.Conflict, Now);
        else if (client.State == DhcpState.Init)
            await StartAsync(client);
        else
            client.Expire(Now);

        if (!_toCheck.IsAny)
            await CheckAsync(client);
        // The configuration first: a renewal is sent from the new address.
        if (_configurationChanged)
        {
            _configurationChanged = false;
            await configure(_configuration);
        }

        while (_outgoing.TryDequeue(out UdpDatagram datagram))
            await udp.TellAsync(UdpMessage.Send(datagram));

        _deadline.RestartFor(client.NextDeadline, Now);
    }

    void IDhcpClientOwner.Configure(InterfaceConfiguration? configuration)
    {
        _configuration = configuration;
        _configurationChanged = true;
    }

    void IDhcpClientOwner.Check(Ipv4Address address) => _toCheck = address;

    void IDhcpClientOwner.Send(in DhcpMessage message, Ipv4Address source, Ipv4Address destination)
    {
        if (!link.Frames.TryRent(out FrameBuffer frame))
        {
            counters.Drop(DropCause.NoBuffer);
            return;
        }

        frame.SetLength(frame.Tailroom);
        frame.SetLength(message.WriteRequest(frame.Data));
        counters.CountSent();
        _outgoing.Enqueue(new(
            frame, new(source, DhcpMessage.ClientPort), new(destination, DhcpMessage.ServerPort), new(MayFragment: true, Interface: (byte)link.InterfaceIndex)));
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private async ValueTask StartAsync(DhcpClient client)
    {
        await ethernet.TellAsync(LinkMessage.Observe(new Observer(Context.Self)));
        await udp.TellAsync(UdpMessage.Bind(DhcpMessage.ClientPort, new Receiver(Context.Self), (byte)link.InterfaceIndex));
        client.Start(Now);
    }

    private async ValueTask CheckAsync(DhcpClient client)
    {
        Ipv4Address address = _toCheck;
        _toCheck = default;
        bool isFree = await ethernet.AskAsync<bool>(reply => LinkMessage.Probe(address, reply), LongestProbe);
        client.Checked(address, isFree, Now);
    }

    private void Receive(DhcpClient client, in UdpDatagram datagram)
    {
        counters.CountReceived();
        WireError error = datagram.Source.Port == DhcpMessage.ServerPort
            ? DhcpMessage.TryParseReply(datagram.Payload.Data, out DhcpMessage answer)
            : Refuse(out answer);
        datagram.Dispose();
        if (error == WireError.None)
            client.Receive(answer, Now);
        else
            counters.Drop(error);
    }

    private static WireError Refuse(out DhcpMessage message)
    {
        message = default;
        return WireError.BadField;
    }

    private sealed class Observer(ActorRef<DhcpClientMessage> client) : AddressConflictObserver
    {
        public override void Conflict(Ipv4Address address) => client.TryTell(new(default, address));
    }

    private sealed class Receiver(ActorRef<DhcpClientMessage> client) : UdpReceiver
    {
        public override bool TryDeliver(in UdpDatagram datagram) => client.TryTell(new(datagram));
    }
}
