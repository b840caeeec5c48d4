namespace Troupe.Actors;

/// <summary>What a hot swap came to.</summary>
/// <param name="Generation">Which behaviour of the actor this is: the one it was spawned with is 1. A restart changes nothing.</param>
/// <param name="Pause">How long the actor stood still for its state to be handed over.</param>
/// <param name="Waiting">Messages in the mailbox at that moment: the first that the new behaviour handles.</param>
public readonly record struct SwapResult(int Generation, TimeSpan Pause, int Waiting);
