namespace Troupe.Net.Contracts;

/// <summary>How many received frames all connections together may hold out of order, since each is a buffer of the device.</summary>
public sealed class ReassemblyBudget(int segments)
{
    private int _free = segments;

    /// <summary>Takes one.</summary>
    public bool TryTake()
    {
        if (Interlocked.Decrement(ref _free) >= 0)
            return true;
        Interlocked.Increment(ref _free);
        return false;
    }

    /// <summary>Gives some back.</summary>
    public void Return(int segments) => Interlocked.Add(ref _free, segments);
}
