namespace Troupe.Actors.Benchmarks;

/// <summary>Completes when everybody has signalled.</summary>
internal sealed class Countdown(int left)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = left;

    internal Task Task => _done.Task;

    internal void Signal()
    {
        if (Interlocked.Decrement(ref _left) == 0)
            _done.SetResult();
    }
}
