namespace Troupe.Actors;

/// <summary>A swap that has begun and is done when the actor's restart is: see <see cref="IRestartsToSwap"/>.</summary>
/// <param name="Request">Whose caller waits.</param>
/// <param name="Began">The clock at that moment.</param>
internal sealed record SwapByRestart(SwapRequest Request, long Began);
