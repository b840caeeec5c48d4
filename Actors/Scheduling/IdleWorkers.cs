using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Which workers sleep, and who may wake them. A worker announces that it goes to sleep, looks for work once more, then
/// parks; who brings work makes it visible first (full fence), then claims a sleeper and unparks it. One of the two sees
/// the other, so no work waits beside a sleeper.
/// </summary>
public sealed class IdleWorkers<TMemory> where TMemory : struct, IMemory
{
    private const int Awake = 0;
    private const int Asleep = 1;
    private const int Claimed = 2;

    private readonly int[] _states;
    private int _count;

    /// <summary>All workers are awake at first.</summary>
    public IdleWorkers(int workers)
    {
        _states = new int[workers];
    }

    /// <summary>How many have announced sleep and not come back.</summary>
    public int Count => TMemory.LoadAcquire(ref _count);

    /// <summary>The worker will look for work once more and then park. Full fence.</summary>
    public void Announce(int worker)
    {
        TMemory.Add(ref _count, 1);
        TMemory.Exchange(ref _states[worker], Asleep);
    }

    /// <summary>The worker is back, by a wake-up or because it found work. True if somebody has claimed it meanwhile.</summary>
    public bool Retract(int worker)
    {
        int before = TMemory.Exchange(ref _states[worker], Awake);
        TMemory.Add(ref _count, -1);
        return before == Claimed;
    }

    /// <summary>Claims a given worker if it sleeps; true: the caller must unpark it.</summary>
    public bool TryClaim(int worker) =>
        TMemory.LoadAcquire(ref _states[worker]) == Asleep
        && TMemory.CompareExchange(ref _states[worker], Claimed, Asleep) == Asleep;

    /// <summary>Claims any sleeper, looking from <paramref name="from"/> on; the caller must unpark it. -1 if there is none.</summary>
    public int TryClaimAny(int from)
    {
        if (Count == 0)
            return -1;
        for (int step = 0; step < _states.Length; step++)
        {
            int worker = (int)((uint)(from + step) % (uint)_states.Length);
            if (TryClaim(worker))
                return worker;
        }

        return -1;
    }
}
