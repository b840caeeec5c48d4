namespace Troupe.Actors;

/// <summary>A behaviour that begins with the state of its predecessor in a hot swap. It may implement this for several types: one a version.</summary>
public interface IImportsState<[Sendable] TState>
{
    /// <summary>
    /// Takes the state over, instead of <see cref="Actor{TMessage}.Started"/>. In a turn of the actor, whose <see cref="Actor{TMessage}.Context"/>
    /// may be used. If it throws, the predecessor goes on; what it did to timers, children or others by then stays done.
    /// </summary>
    void ImportState(TState state);
}

/// <summary>A behaviour whose state outlives a hot swap; most behaviours export what they import.</summary>
public interface IStateful<[Sendable] TState> : IExportsState<TState>, IImportsState<TState>;
