namespace Troupe.Actors;

/// <summary>Whom a restart or stop of a failed child concerns.</summary>
public enum SupervisionScope
{
    /// <summary>The child that failed.</summary>
    OneForOne,

    /// <summary>All children.</summary>
    AllForOne,

    /// <summary>The child that failed, and those spawned after it.</summary>
    RestForOne,
}
