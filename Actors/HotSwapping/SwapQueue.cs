namespace Troupe.Actors;

/// <summary>The swaps of an actor that had any: those that wait for the messages before them, and how many took place. Its turns only.</summary>
internal sealed class SwapQueue
{
    private LinkedFifo<SystemMessage> _waiting;

    internal SwapRequest? Next => (SwapRequest?)_waiting.Peek();

    /// <summary>Which behaviour the actor has; it was spawned with the first.</summary>
    internal int Generation { get; set; } = 1;

    internal void Enqueue(SwapRequest request) => _waiting.Enqueue(request);

    internal SwapRequest? Dequeue() => (SwapRequest?)_waiting.Dequeue();
}
