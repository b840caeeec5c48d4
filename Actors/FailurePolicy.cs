namespace Troupe.Actors;

/// <summary>What becomes of an actor that failed. The failure is reported in every case.</summary>
public enum FailurePolicy
{
    /// <summary>The actor stops; what is in its mailbox becomes dead letters.</summary>
    Stop,

    /// <summary>The same instance goes on with the next message.</summary>
    Resume,

    /// <summary>A new instance from the factory goes on with the next message; mailbox and references stay, timers end.</summary>
    Restart,

    /// <summary>The actor that spawned it fails with the same exception, and what becomes of that one decides. At the top: stop.</summary>
    Escalate,
}
