// RFC 4861 7.3.2: the states of a neighbour, and what moves it on.
using Stateless;
using Stateless.Graph;

namespace Troupe.Net.Ip;

/// <summary>What is known of a neighbour.</summary>
public enum NeighborState : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>INCOMPLETE: it is being asked for.</summary>
    Incomplete,

    /// <summary>REACHABLE: it answered not long ago.</summary>
    Reachable,

    /// <summary>STALE: its link address is known, nothing more.</summary>
    Stale,

    /// <summary>DELAY: packets go there, and soon it is asked whether it is there.</summary>
    Delay,

    /// <summary>PROBE: it is asked whether it is there.</summary>
    Probe,
}

/// <summary>What moves a neighbour on.</summary>
public enum NeighborTrigger : byte
{
    /// <summary>A packet is for it, and its link address is not known.</summary>
    Wanted,

    /// <summary>It said its link address, unasked.</summary>
    Learned,

    /// <summary>It answered our question.</summary>
    Confirmed,

    /// <summary>The answer is old.</summary>
    Aged,

    /// <summary>A packet went there.</summary>
    Used,

    /// <summary>Nothing confirmed it meanwhile.</summary>
    DelayOver,

    /// <summary>It was asked often enough.</summary>
    GivenUp,
}

/// <summary>One machine a thread, whose state is the neighbour's own; it fires on changes of state only.</summary>
public sealed class NeighborStateMachine
{
    [ThreadStatic]
    private static NeighborStateMachine? t_current;

    private readonly StateMachine<NeighborState, NeighborTrigger> _machine;
    private NeighborState _state;

    private NeighborStateMachine()
    {
        _machine = new(() => _state, state => _state = state);
        _machine.Configure(NeighborState.None)
            .Permit(NeighborTrigger.Wanted, NeighborState.Incomplete)
            .Permit(NeighborTrigger.Learned, NeighborState.Stale);
        _machine.Configure(NeighborState.Incomplete)
            .Permit(NeighborTrigger.Confirmed, NeighborState.Reachable)
            .Permit(NeighborTrigger.Learned, NeighborState.Stale)
            .Permit(NeighborTrigger.GivenUp, NeighborState.None);
        _machine.Configure(NeighborState.Reachable)
            .Permit(NeighborTrigger.Aged, NeighborState.Stale)
            .Permit(NeighborTrigger.Learned, NeighborState.Stale)
            .Ignore(NeighborTrigger.Confirmed);
        _machine.Configure(NeighborState.Stale)
            .Permit(NeighborTrigger.Used, NeighborState.Delay)
            .Permit(NeighborTrigger.Confirmed, NeighborState.Reachable)
            .Ignore(NeighborTrigger.Learned);
        _machine.Configure(NeighborState.Delay)
            .Permit(NeighborTrigger.Confirmed, NeighborState.Reachable)
            .Permit(NeighborTrigger.Learned, NeighborState.Stale)
            .Permit(NeighborTrigger.DelayOver, NeighborState.Probe);
        _machine.Configure(NeighborState.Probe)
            .Permit(NeighborTrigger.Confirmed, NeighborState.Reachable)
            .Permit(NeighborTrigger.Learned, NeighborState.Stale)
            .Permit(NeighborTrigger.GivenUp, NeighborState.None);
    }

    /// <summary>This thread's machine; firing is synchronous, so no other turn can be in it.</summary>
    public static NeighborStateMachine Current => t_current ??= new();

    /// <summary>The state after a trigger; one that is not in the table is a defect and throws.</summary>
    public NeighborState Fire(NeighborState state, NeighborTrigger trigger)
    {
        _state = state;
        _machine.Fire(trigger);
        return _state;
    }

    /// <summary>The table as a Mermaid state diagram, for the documentation.</summary>
    public string ToMermaid() => MermaidGraph.Format(_machine.GetInfo());
}
