// RFC 8415 18.2.6, 18.2.10.4 and 21.23: the client that asks for information alone (stateless DHCPv6), when a router says that there is some;
// 15: how often it asks. Addresses come from routers' prefixes (RFC 4862).
using Stateless;
using Stateless.Graph;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>What moves a stateless DHCPv6 client on.</summary>
public enum Dhcpv6Trigger
{
    /// <summary>A router said that there is something to ask for.</summary>
    Start,

    /// <summary>The while is over.</summary>
    DelayOver,

    /// <summary>A server answered.</summary>
    Reply,

    /// <summary>The information's time is over.</summary>
    RefreshDue,
}

/// <summary>What the client asks of whoever runs it.</summary>
public interface IDhcpv6ClientOwner
{
    /// <summary>Sends a message from port 546 to port 547 of all servers and relays on the link.</summary>
    void Send(Dhcpv6Message message);

    /// <summary>A server said this.</summary>
    void Configure(Dhcpv6Message information);
}

/// <summary>The client without threads, sockets or clocks: answers and deadlines go in, questions and information come out.</summary>
public sealed class Dhcpv6Client
{
    // RFC 8415 7.6.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetransmission = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultLongestRetransmission = TimeSpan.FromSeconds(3600);
    private static readonly TimeSpan DefaultRefresh = TimeSpan.FromSeconds(86_400);
    private static readonly TimeSpan ShortestRefresh = TimeSpan.FromSeconds(600);
    // 21.25: a server may say from a minute to a day; anything else is as if it had said nothing.
    private const uint LeastLongestRetransmission = 60;
    private const uint GreatestLongestRetransmission = 86_400;

    private readonly StateMachine<Dhcpv6State, Dhcpv6Trigger> _machine;
    private readonly System.Collections.Immutable.ImmutableArray<byte> _identifier;
    private readonly IRandomness _randomness;
    private readonly IDhcpv6ClientOwner _owner;
    private Dhcpv6State _state;
    private TimeSpan _now;
    private TimeSpan _began;
    private TimeSpan _retransmission;
    private TimeSpan _longestRetransmission = DefaultLongestRetransmission;
    private TimeSpan _refresh;

    /// <summary>A client that waits for a router's word.</summary>
    public Dhcpv6Client(MacAddress hardware, IRandomness randomness, IDhcpv6ClientOwner owner)
    {
        _identifier = Dhcpv6Message.IdentifierOf(hardware);
        _randomness = randomness;
        _owner = owner;
        _machine = new(() => _state, state => _state = state);
        _machine.Configure(Dhcpv6State.Idle).Permit(Dhcpv6Trigger.Start, Dhcpv6State.Delaying);
        _machine.Configure(Dhcpv6State.Delaying).OnEntry(Delay).Permit(Dhcpv6Trigger.DelayOver, Dhcpv6State.Requesting);
        _machine.Configure(Dhcpv6State.Requesting).OnEntry(Request).Permit(Dhcpv6Trigger.Reply, Dhcpv6State.Informed);
        _machine.Configure(Dhcpv6State.Informed).OnEntry(Rest).Permit(Dhcpv6Trigger.RefreshDue, Dhcpv6State.Delaying);
    }

    /// <summary>The state.</summary>
    public Dhcpv6State State => _state;

    /// <summary>The identifier that an answer must have; 0 while none is awaited.</summary>
    public uint TransactionId { get; private set; }

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The table as a Mermaid state diagram, for the documentation.</summary>
    public string ToMermaid() => MermaidGraph.Format(_machine.GetInfo());

    /// <summary>Where it stands, as a hot swap hands it on.</summary>
    public Dhcpv6ClientState Export() => new(_state, TransactionId, _began, _retransmission, _longestRetransmission, NextDeadline);

    /// <summary>Goes on where a predecessor stopped.</summary>
    public void Import(Dhcpv6ClientState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_state, TransactionId, _began) = (state.State, state.Transaction, state.Began);
        (_retransmission, _longestRetransmission, NextDeadline) = (state.Retransmission, state.LongestRetransmission, state.NextDeadline);
    }

    /// <summary>A router says that there is something to ask for.</summary>
    public void Start(TimeSpan now)
    {
        _now = now;
        if (_state == Dhcpv6State.Idle)
            _machine.Fire(Dhcpv6Trigger.Start);
    }

    /// <summary>RFC 8415 16.10: a message to port 546; false for what does not answer our question, which is ignored.</summary>
    public bool TryReceive(Dhcpv6Message message, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(message);
        _now = now;
        if (_state != Dhcpv6State.Requesting || message.Type != Dhcpv6MessageType.Reply || message.TransactionId != TransactionId ||
            message.ServerIdentifier.IsEmpty || !message.ClientIdentifier.AsSpan().SequenceEqual(_identifier.AsSpan()))
            return false;
        if (message.LongestRetransmissionSeconds is { } longest and >= LeastLongestRetransmission and <= GreatestLongestRetransmission)
            _longestRetransmission = TimeSpan.FromSeconds(longest);
        // 18.2.10: it could not; the question is asked again, less and less often.
        if (message.Status != 0)
            return true;
        _refresh = message.RefreshSeconds switch
        {
            uint.MaxValue => TimeSpan.MaxValue,
            { } seconds => Max(TimeSpan.FromSeconds(seconds), ShortestRefresh),
            null => DefaultRefresh,
        };
        _owner.Configure(message);
        _machine.Fire(Dhcpv6Trigger.Reply);
        return true;
    }

    /// <summary>Does what is due by now.</summary>
    public void Expire(TimeSpan now)
    {
        _now = now;
        if (now < NextDeadline)
            return;
        switch (_state)
        {
            case Dhcpv6State.Delaying:
                _machine.Fire(Dhcpv6Trigger.DelayOver);
                break;
            case Dhcpv6State.Requesting:
                // 15: twice the last, and no more than INF_MAX_RT, each give or take a tenth.
                _retransmission += _retransmission + (_retransmission * Tenth());
                if (_retransmission > _longestRetransmission)
                    _retransmission = _longestRetransmission + (_longestRetransmission * Tenth());
                Send();
                break;
            case Dhcpv6State.Informed:
                _machine.Fire(Dhcpv6Trigger.RefreshDue);
                break;
        }
    }

    private void Delay()
    {
        TransactionId = 0;
        NextDeadline = _now + (LongestDelay * Fraction());
    }

    private void Request()
    {
        // Never 0, which stands for none.
        TransactionId = 1 + (RandomWord() % Dhcpv6Message.LargestTransactionId);
        _began = _now;
        _retransmission = FirstRetransmission + (FirstRetransmission * Tenth());
        Send();
    }

    private void Rest()
    {
        TransactionId = 0;
        NextDeadline = _refresh == TimeSpan.MaxValue ? TimeSpan.MaxValue : _now + _refresh;
    }

    private void Send()
    {
        NextDeadline = _now + _retransmission;
        _owner.Send(new()
        {
            Type = Dhcpv6MessageType.InformationRequest,
            TransactionId = TransactionId,
            ClientIdentifier = _identifier,
            ElapsedHundredths = (ushort)Math.Min(ushort.MaxValue, (_now - _began).TotalMilliseconds / 10),
        });
    }

    // RFC 8415 15, RAND: from -0.1 to 0.1.
    private double Tenth() => (Fraction() - 0.5) / 5;

    private double Fraction() => RandomWord() / (double)uint.MaxValue;

    private uint RandomWord()
    {
        Span<byte> bytes = stackalloc byte[4];
        _randomness.Fill(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
