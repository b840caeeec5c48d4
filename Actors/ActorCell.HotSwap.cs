namespace Troupe.Actors;

/// <summary>
/// Swapping the behaviour of a living actor. A swap has a place among the messages: the old behaviour handles what was in the mailbox, or
/// unstashed, when it was asked for; the new one handles what is left when the swap is done, what is still stashed included.
/// </summary>
internal abstract partial class ActorCell
{
    internal void OnSwapRequested(SwapRequest request)
    {
        if (HasEnded)
        {
            Refuse(request);
            return;
        }

        (Optional.Swaps ??= new SwapQueue()).Enqueue(request);
        _holds |= Holds.Swapping;
    }

    /// <summary>Deals with the next swap if its turn has come. False: messages come before it.</summary>
    private bool TrySwap()
    {
        SwapQueue swaps = Optional.Swaps!;
        SwapRequest request = swaps.Next!;
        if (request.Position > MessagesTaken)
            return false;
        swaps.Dequeue();
        if (swaps.Next is null)
            _holds &= ~Holds.Swapping;
        if (request.TryBegin())
            Swap(request);
        return true;
    }

    private void RefuseSwaps(OptionalState optional)
    {
        while (optional.Swaps?.Dequeue() is { } request)
            Refuse(request);
        _holds &= ~Holds.Swapping;
        optional.SwapByRestart?.Request.Fail(Stopped());
        optional.SwapByRestart = null;
    }

    private void Refuse(SwapRequest request)
    {
        if (request.TryBegin())
            request.Fail(Stopped());
    }

    private HotSwapException Stopped() => new(Path, "it has stopped.");

    /// <summary>How many messages have left the mailbox.</summary>
    private protected abstract long MessagesTaken { get; }

    /// <summary>Hands the state over and takes the new behaviour, or keeps the old one, and says so.</summary>
    private protected abstract void Swap(SwapRequest request);
}
