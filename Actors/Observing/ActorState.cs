namespace Troupe.Actors;

/// <summary>What an actor is doing, as a snapshot sees it in passing.</summary>
public enum ActorState
{
    /// <summary>Its first turn has not come.</summary>
    Starting,

    /// <summary>It has nothing to do.</summary>
    Idle,

    /// <summary>It waits for its turn.</summary>
    Ready,

    /// <summary>It has its turn on a worker.</summary>
    Running,

    /// <summary>Its turn overran the quantum and goes on on a detached thread.</summary>
    Detached,

    /// <summary>Its handler waits for something, and messages wait for the handler.</summary>
    Suspended,

    /// <summary>It failed and waits for its supervisor's decision.</summary>
    Failed,

    /// <summary>It is restarting: its children stop, or a back-off is not over.</summary>
    Restarting,

    /// <summary>It takes no more messages, and handles those inside.</summary>
    Draining,

    /// <summary>It stops, or waits for its children to.</summary>
    Stopping,

    /// <summary>It has stopped.</summary>
    Stopped,
}
