namespace Troupe.Tests;

/// <summary>
/// What code allocates in its steady state. The thread's count has more than that in it now and then: a method that is compiled anew while
/// it loops loads types, and boxes until it is. So it is the least of a few rounds that counts, and what each round allocates is in all of them.
/// </summary>
internal static class Allocations
{
    private const int Rounds = 8;

    /// <summary>Bytes that this thread allocates in an action, once.</summary>
    public static long Of(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Bytes that this thread allocates in a round of an action, after a first one that does not count.</summary>
    public static long Least(Action round) => Least(() => Of(round));

    /// <summary>The least of what rounds say that they have allocated, the first of which does not count.</summary>
    public static long Least(Func<long> round)
    {
        ArgumentNullException.ThrowIfNull(round);
        round();
        long least = long.MaxValue;
        for (int number = 0; number < Rounds && least != 0; number++)
            least = Math.Min(least, round());
        return least;
    }
}
