namespace Troupe.Actors;

/// <summary>
/// A behaviour whose state is what it works on, which outlives it: a driver's device. A hot swap ends it as a restart does (its children, its timers, then
/// <see cref="Actor{TMessage}.Stopped"/>) and begins the new one with <see cref="Actor{TMessage}.Started"/>, instead of handing a state over. The mailbox and the references stay.
/// </summary>
/// <remarks>
/// There is no way back: if the new one fails to start, the caller gets a <see cref="HotSwapException"/>, and the actor has failed with the new factory as its own.
/// </remarks>
public interface IRestartsToSwap;
