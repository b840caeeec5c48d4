// RFC 2131 4.4: the DHCP client's state machine (figure 5), without INIT-REBOOT: there is no disk to remember a lease on.
using Stateless;
using Stateless.Graph;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>What moves a DHCP client on.</summary>
public enum DhcpTrigger
{
    /// <summary>Begin.</summary>
    Start,

    /// <summary>A server offered.</summary>
    Offer,

    /// <summary>A server granted.</summary>
    Acknowledge,

    /// <summary>A server refused.</summary>
    Refuse,

    /// <summary>Nobody has the granted address.</summary>
    Free,

    /// <summary>Somebody has it.</summary>
    Conflict,

    /// <summary>T1 passed.</summary>
    RenewalDue,

    /// <summary>T2 passed.</summary>
    RebindingDue,

    /// <summary>The lease ended, or nobody answered a request.</summary>
    Expire,
}

/// <summary>What the client asks of whoever runs it.</summary>
public interface IDhcpClientOwner
{
    /// <summary>Sends a message from port 68 to port 67.</summary>
    void Send(in DhcpMessage message, Ipv4Address source, Ipv4Address destination);

    /// <summary>Finds out whether an address is free, and calls <see cref="DhcpClient.Checked"/> when it is known.</summary>
    void Check(Ipv4Address address);

    /// <summary>The interface has a configuration, or with null has it no more.</summary>
    void Configure(InterfaceConfiguration? configuration);
}

/// <summary>The client without threads, sockets or clocks: answers and deadlines go in, questions and configurations come out.</summary>
public sealed class DhcpClient
{
    // RFC 2131 4.1: 4, 8, 16, 32, 64 seconds, each give or take one.
    private static readonly TimeSpan FirstRetransmission = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LastRetransmission = TimeSpan.FromSeconds(64);
    // RFC 2131 4.4.5: no shorter while renewing or rebinding.
    private static readonly TimeSpan ShortestRenewalWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SilenceAfterDecline = TimeSpan.FromSeconds(10);
    private const int RequestAttempts = 4;

    private readonly StateMachine<DhcpState, DhcpTrigger> _machine;
    private readonly MacAddress _hardware;
    private readonly IRandomness _randomness;
    private readonly IDhcpClientOwner _owner;
    private DhcpState _state;
    private TimeSpan _now;
    private TimeSpan _started;
    private TimeSpan _requested;
    private TimeSpan _retransmission;
    private TimeSpan _renewalDue;
    private TimeSpan _rebindingDue;
    private TimeSpan _leaseEnd;
    private int _attempts;
    private uint _transaction;
    private DhcpMessage _lease;
    private InterfaceConfiguration? _configuration;

    /// <summary>A client in INIT.</summary>
    public DhcpClient(MacAddress hardware, IRandomness randomness, IDhcpClientOwner owner)
    {
        _hardware = hardware;
        _randomness = randomness;
        _owner = owner;
        _machine = new(() => _state, state => _state = state);
        _machine.Configure(DhcpState.Init).Permit(DhcpTrigger.Start, DhcpState.Selecting);
        _machine.Configure(DhcpState.Selecting).OnEntry(Discover).Permit(DhcpTrigger.Offer, DhcpState.Requesting);
        _machine.Configure(DhcpState.Requesting).OnEntry(Request)
            .Permit(DhcpTrigger.Acknowledge, DhcpState.Checking)
            .Permit(DhcpTrigger.Refuse, DhcpState.Selecting)
            .Permit(DhcpTrigger.Expire, DhcpState.Selecting);
        _machine.Configure(DhcpState.Checking).OnEntry(Check)
            .Permit(DhcpTrigger.Free, DhcpState.Bound)
            .Permit(DhcpTrigger.Conflict, DhcpState.Declined);
        _machine.Configure(DhcpState.Declined).OnEntry(Decline).Permit(DhcpTrigger.Start, DhcpState.Selecting);
        _machine.Configure(DhcpState.Bound).OnEntry(Bind)
            .Permit(DhcpTrigger.RenewalDue, DhcpState.Renewing)
            .Permit(DhcpTrigger.Conflict, DhcpState.Declined);
        _machine.Configure(DhcpState.Renewing).OnEntry(Renew)
            .Permit(DhcpTrigger.Acknowledge, DhcpState.Bound)
            .Permit(DhcpTrigger.RebindingDue, DhcpState.Rebinding)
            .Permit(DhcpTrigger.Conflict, DhcpState.Declined)
            .Permit(DhcpTrigger.Refuse, DhcpState.Selecting);
        _machine.Configure(DhcpState.Rebinding).OnEntry(Renew)
            .Permit(DhcpTrigger.Acknowledge, DhcpState.Bound)
            .Permit(DhcpTrigger.Conflict, DhcpState.Declined)
            .Permit(DhcpTrigger.Refuse, DhcpState.Selecting)
            .Permit(DhcpTrigger.Expire, DhcpState.Selecting);
    }

    /// <summary>The state.</summary>
    public DhcpState State => _state;

    /// <summary>What a hot swap hands on.</summary>
    public DhcpClientState Export() => new(_state, _lease, _configuration, _transaction, _attempts)
    {
        Started = _started,
        Requested = _requested,
        Retransmission = _retransmission,
        RenewalDue = _renewalDue,
        RebindingDue = _rebindingDue,
        LeaseEnd = _leaseEnd,
        NextDeadline = NextDeadline,
    };

    /// <summary>Goes on where a predecessor stopped; nothing is sent for it.</summary>
    public void Import(DhcpClientState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_state, _lease, _configuration, _transaction, _attempts) = (state.State, state.Lease, state.Configuration, state.Transaction, state.Attempts);
        (_started, _requested, _retransmission) = (state.Started, state.Requested, state.Retransmission);
        (_renewalDue, _rebindingDue, _leaseEnd, NextDeadline) = (state.RenewalDue, state.RebindingDue, state.LeaseEnd, state.NextDeadline);
    }

    /// <summary>When <see cref="Expire"/> must be called at the latest.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The table as a Mermaid state diagram, for the documentation.</summary>
    public string ToMermaid() => MermaidGraph.Format(_machine.GetInfo());

    /// <summary>Begins to look for an address.</summary>
    public void Start(TimeSpan now)
    {
        _now = now;
        _machine.Fire(DhcpTrigger.Start);
    }

    /// <summary>A message from port 67; what does not answer our question is ignored.</summary>
    public void Receive(in DhcpMessage message, TimeSpan now)
    {
        _now = now;
        if (message.TransactionId != _transaction || message.ClientHardware != _hardware)
            return;
        switch (message.Type)
        {
            case DhcpMessageType.Offer when _state == DhcpState.Selecting && message.YourAddress.IsUnicast && message.ServerIdentifier is not null:
                _lease = message;
                _machine.Fire(DhcpTrigger.Offer);
                break;
            case DhcpMessageType.Acknowledge when CanBeGranted && IsUsable(message):
                _lease = message with { ServerIdentifier = message.ServerIdentifier ?? _lease.ServerIdentifier };
                _machine.Fire(DhcpTrigger.Acknowledge);
                break;
            case DhcpMessageType.NegativeAcknowledge when CanBeGranted:
                Lose();
                _machine.Fire(DhcpTrigger.Refuse);
                break;
        }
    }

    /// <summary>What the owner found out about the address it was to check.</summary>
    public void Checked(Ipv4Address address, bool isFree, TimeSpan now)
    {
        _now = now;
        if (_state == DhcpState.Checking && address == _lease.YourAddress)
            _machine.Fire(isFree ? DhcpTrigger.Free : DhcpTrigger.Conflict);
    }

    /// <summary>RFC 5227 2.4: somebody else keeps using the address that is ours.</summary>
    public void Conflict(Ipv4Address address, TimeSpan now)
    {
        _now = now;
        if (address != _lease.YourAddress || _state is not (DhcpState.Bound or DhcpState.Renewing or DhcpState.Rebinding))
            return;
        Lose();
        _machine.Fire(DhcpTrigger.Conflict);
    }

    /// <summary>Does what is due by now.</summary>
    public void Expire(TimeSpan now)
    {
        _now = now;
        if (now < NextDeadline)
            return;
        switch (_state)
        {
            case DhcpState.Selecting:
                Discover(again: true);
                break;
            case DhcpState.Requesting when _attempts >= RequestAttempts:
                _machine.Fire(DhcpTrigger.Expire);
                break;
            case DhcpState.Requesting:
                SendRequest();
                break;
            case DhcpState.Declined:
                _machine.Fire(DhcpTrigger.Start);
                break;
            case DhcpState.Bound:
                _machine.Fire(DhcpTrigger.RenewalDue);
                break;
            case DhcpState.Renewing when now >= _rebindingDue:
                _machine.Fire(DhcpTrigger.RebindingDue);
                break;
            case DhcpState.Rebinding when now >= _leaseEnd:
                Lose();
                _machine.Fire(DhcpTrigger.Expire);
                break;
            case DhcpState.Renewing or DhcpState.Rebinding:
                SendRenewal();
                break;
        }
    }

    private bool CanBeGranted => _state is DhcpState.Requesting or DhcpState.Renewing or DhcpState.Rebinding;

    private static bool IsUsable(in DhcpMessage message) =>
        message.YourAddress.IsUnicast && message.LeaseSeconds is > 0 &&
        (message.Mask is not { } mask || Ipv4Network.TryGetPrefixLength(mask, out _));

    private void Discover() => Discover(again: false);

    private void Discover(bool again)
    {
        if (!again)
        {
            _attempts = 0;
            _started = _now;
            _transaction = RandomWord();
        }

        Send(new() { Type = DhcpMessageType.Discover, Broadcast = true }, Ipv4Address.Any, Ipv4Address.Broadcast);
        BackOff();
    }

    private void Request()
    {
        _attempts = 0;
        _requested = _now;
        SendRequest();
    }

    private void SendRequest()
    {
        Send(
            new() { Type = DhcpMessageType.Request, Broadcast = true, RequestedAddress = _lease.YourAddress, ServerIdentifier = _lease.ServerIdentifier },
            Ipv4Address.Any, Ipv4Address.Broadcast);
        BackOff();
    }

    private void Check()
    {
        NextDeadline = TimeSpan.MaxValue;
        _owner.Check(_lease.YourAddress);
    }

    // RFC 2131 3.1 5 and 4.4.4: broadcast, from no address, and then at least ten seconds of silence.
    private void Decline()
    {
        Send(
            new() { Type = DhcpMessageType.Decline, RequestedAddress = _lease.YourAddress, ServerIdentifier = _lease.ServerIdentifier },
            Ipv4Address.Any, Ipv4Address.Broadcast);
        NextDeadline = _now + SilenceAfterDecline;
    }

    private void Bind()
    {
        // RFC 2131 4.4.1 and 4.4.5: times count from the request that was granted; T1 and T2 default to 0.5 and 0.875.
        uint lease = _lease.LeaseSeconds!.Value;
        bool forEver = lease == uint.MaxValue;
        double renewal = _lease.RenewalSeconds is { } t1 && t1 < lease ? t1 : lease * 0.5;
        double rebinding = _lease.RebindingSeconds is { } t2 && t2 >= renewal && t2 <= lease ? t2 : lease * 0.875;
        _renewalDue = forEver ? TimeSpan.MaxValue : _requested + TimeSpan.FromSeconds(renewal);
        _rebindingDue = forEver ? TimeSpan.MaxValue : _requested + TimeSpan.FromSeconds(Math.Max(rebinding, renewal));
        _leaseEnd = forEver ? TimeSpan.MaxValue : _requested + TimeSpan.FromSeconds(lease);
        NextDeadline = _renewalDue;

        int prefix = _lease.Mask is { } mask && Ipv4Network.TryGetPrefixLength(mask, out int length) ? length : ClassPrefix(_lease.YourAddress);
        InterfaceConfiguration configuration = new(new(_lease.YourAddress, prefix), _lease.Gateway, _lease.NameServer)
        {
            SecondNameServer = _lease.SecondNameServer,
            Domain = _lease.Domain,
        };
        if (configuration == _configuration)
            return;
        _configuration = configuration;
        _owner.Configure(configuration);
    }

    private void Renew()
    {
        _requested = _now;
        _started = _now;
        _transaction = RandomWord();
        SendRenewal();
    }

    private void SendRenewal()
    {
        bool rebinding = _state == DhcpState.Rebinding;
        Send(
            new() { Type = DhcpMessageType.Request, ClientAddress = _lease.YourAddress }, _lease.YourAddress,
            rebinding ? Ipv4Address.Broadcast : _lease.ServerIdentifier ?? Ipv4Address.Broadcast);
        // RFC 2131 4.4.5: again after half of what is left, but not before a minute.
        TimeSpan end = rebinding ? _leaseEnd : _rebindingDue;
        TimeSpan half = (end - _now) / 2;
        TimeSpan wait = half > ShortestRenewalWait ? half : ShortestRenewalWait;
        NextDeadline = _now + wait < end ? _now + wait : end;
    }

    private void Lose()
    {
        if (_configuration is null)
            return;
        _configuration = null;
        _owner.Configure(null);
    }

    private void Send(in DhcpMessage message, Ipv4Address source, Ipv4Address destination) => _owner.Send(
        message with
        {
            TransactionId = _transaction,
            ClientHardware = _hardware,
            Seconds = (ushort)Math.Min(ushort.MaxValue, (_now - _started).TotalSeconds),
        },
        source, destination);

    private void BackOff()
    {
        _retransmission = _attempts == 0 ? FirstRetransmission : Min(_retransmission * 2, LastRetransmission);
        _attempts++;
        NextDeadline = _now + _retransmission + TimeSpan.FromSeconds(RandomWord() / (double)uint.MaxValue * 2 - 1);
    }

    private uint RandomWord()
    {
        Span<byte> bytes = stackalloc byte[4];
        _randomness.Fill(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    // RFC 950: what a server meant that sends no mask.
    private static int ClassPrefix(Ipv4Address address) => (address.Value >> 30) switch { 0 or 1 => 8, 2 => 16, _ => 24 };
}
