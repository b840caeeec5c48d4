// RFC 9293 3.3.2, figure 5: the connection states, with the transitions of 3.10.7 the figure leaves out.
using Stateless;
using Stateless.Graph;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

/// <summary>What moves a connection from one state to another.</summary>
public enum TcpTrigger
{
    /// <summary>A SYN arrived for a listener.</summary>
    PassiveOpen,

    /// <summary>The application connects.</summary>
    ActiveOpen,

    /// <summary>A SYN crossed ours.</summary>
    SynCrossed,

    /// <summary>Our SYN was acknowledged, and the peer's is known.</summary>
    SynAcknowledged,

    /// <summary>We sent our FIN.</summary>
    FinSent,

    /// <summary>The peer's FIN arrived, everything before it too.</summary>
    FinReceived,

    /// <summary>Our FIN was acknowledged.</summary>
    FinAcknowledged,

    /// <summary>Twice the maximum segment lifetime passed.</summary>
    TimeWaitExpired,

    /// <summary>Reset, abort or timeout.</summary>
    Terminate,
}

/// <summary>
/// The one configured machine. Its state is the connection's own, so a thread needs one machine and not one per
/// connection; it is asked on changes of state only, never per segment, and once about each.
/// </summary>
public sealed class TcpStateMachine
{
    [ThreadStatic]
    private static TcpStateMachine? t_current;

    private static readonly int TriggerCount = Enum.GetValues<TcpTrigger>().Length;

    private readonly StateMachine<TcpState, TcpTrigger> _machine;

    // Where each trigger led from each state, once it has been fired: the machine allocates kilobytes to find that out, and nothing but the two decides it.
    private readonly TcpState?[] _destinations = new TcpState?[Enum.GetValues<TcpState>().Length * TriggerCount];
    private TcpState _state;

    private TcpStateMachine()
    {
        _machine = new(() => _state, state => _state = state);
        _machine.Configure(TcpState.Closed)
            .Permit(TcpTrigger.PassiveOpen, TcpState.SynReceived)
            .Permit(TcpTrigger.ActiveOpen, TcpState.SynSent);
        _machine.Configure(TcpState.SynSent)
            .Permit(TcpTrigger.SynCrossed, TcpState.SynReceived)
            .Permit(TcpTrigger.SynAcknowledged, TcpState.Established)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.SynReceived)
            .Permit(TcpTrigger.SynAcknowledged, TcpState.Established)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.Established)
            .Permit(TcpTrigger.FinSent, TcpState.FinWait1)
            .Permit(TcpTrigger.FinReceived, TcpState.CloseWait)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.FinWait1)
            .Permit(TcpTrigger.FinAcknowledged, TcpState.FinWait2)
            .Permit(TcpTrigger.FinReceived, TcpState.Closing)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.FinWait2)
            .Permit(TcpTrigger.FinReceived, TcpState.TimeWait)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.CloseWait)
            .Permit(TcpTrigger.FinSent, TcpState.LastAck)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.Closing)
            .Permit(TcpTrigger.FinAcknowledged, TcpState.TimeWait)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.LastAck)
            .Permit(TcpTrigger.FinAcknowledged, TcpState.Closed)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
        _machine.Configure(TcpState.TimeWait)
            .Permit(TcpTrigger.TimeWaitExpired, TcpState.Closed)
            .Permit(TcpTrigger.Terminate, TcpState.Closed);
    }

    /// <summary>This thread's machine; firing is synchronous, so no other turn can be in it.</summary>
    public static TcpStateMachine Current => t_current ??= new();

    /// <summary>Moves a connection; a transition that is not in the table is a defect and throws.</summary>
    public void Fire(TransmissionControlBlock connection, TcpTrigger trigger)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ref TcpState? destination = ref _destinations[((int)connection.State * TriggerCount) + (int)trigger];
        if (destination is null)
        {
            _state = connection.State;
            _machine.Fire(trigger);
            destination = _state;
        }

        connection.State = destination.Value;
    }

    /// <summary>Whether a transition exists, for monitors and tests.</summary>
    public bool CanFire(TcpState state, TcpTrigger trigger)
    {
        _state = state;
        return _machine.CanFire(trigger);
    }

    /// <summary>The table as a Mermaid state diagram, for the documentation.</summary>
    public string ToMermaid() => MermaidGraph.Format(_machine.GetInfo());
}
