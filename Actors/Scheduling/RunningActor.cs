namespace Troupe.Actors;

/// <summary>What a worker is doing, written by that worker alone: whoever looks from outside (a panic, docs/traps.md) reads it when the worker stands still.</summary>
public struct RunningActor
{
    /// <summary>The actor whose turn it is, or null between turns. An unnamed actor is described by its message.</summary>
    public string? Name;
}
