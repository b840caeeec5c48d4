namespace Troupe.Net.Contracts;

/// <summary>How many buffers all those who put something together may hold for it at a time.</summary>
public sealed class ReassemblyBudget(int segments)
{
    private int _free = segments;

    /// <summary>Takes so many, or none.</summary>
    public bool TryTake(int buffers = 1)
    {
        if (Interlocked.Add(ref _free, -buffers) >= 0)
            return true;
        Interlocked.Add(ref _free, buffers);
        return false;
    }

    /// <summary>Gives some back.</summary>
    public void Return(int buffers) => Interlocked.Add(ref _free, buffers);
}
