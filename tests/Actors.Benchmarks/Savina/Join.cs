namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>Adds up what so many parties bring, and sets the result with the last.</summary>
internal sealed class Join(int parties, TaskCompletionSource<long> result)
{
    private long _sum;
    private int _left = parties;

    internal void Arrive(long amount)
    {
        Interlocked.Add(ref _sum, amount);
        if (Interlocked.Decrement(ref _left) == 0)
            result.TrySetResult(Volatile.Read(ref _sum));
    }
}
