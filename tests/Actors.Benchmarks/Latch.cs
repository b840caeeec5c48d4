namespace Troupe.Actors.Benchmarks;

/// <summary>Completes when everybody it was set for has signalled; set again for each run, while nobody is at work.</summary>
internal sealed class Latch
{
    private TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;

    internal Task Task => _done.Task;

    internal void Set(int signals)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, signals);
    }

    internal void Signal()
    {
        if (Interlocked.Decrement(ref _left) == 0)
            _done.SetResult();
    }
}
