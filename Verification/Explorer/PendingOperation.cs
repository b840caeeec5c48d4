namespace Troupe.Verification.Explorer;

/// <summary>What a process does when it is scheduled next.</summary>
internal enum OperationKind
{
    /// <summary>Nothing any more.</summary>
    Finished,

    /// <summary>Reads one location.</summary>
    Load,

    /// <summary>Writes one location at once: sequential consistency, or past the store buffer.</summary>
    Store,

    /// <summary>Reads and writes one location; waits for an empty store buffer.</summary>
    ReadModifyWrite,

    /// <summary>Waits for an empty store buffer.</summary>
    Fence,

    /// <summary>Waits until a condition over locations holds.</summary>
    Wait,

    /// <summary>A store buffer's oldest entry becomes visible.</summary>
    Flush,

    /// <summary>A full fence under release/acquire, where two of them do not commute.</summary>
    ViewFence,
}

/// <summary>The operation before which a process stands: enough to say whether two of them commute.</summary>
internal sealed class PendingOperation
{
    private readonly List<nint> _addresses = [];

    public OperationKind Kind { get; private set; }

    public Func<bool>? Condition { get; private set; }

    public IReadOnlyList<nint> Addresses => _addresses;

    public bool Writes => Kind is OperationKind.Store or OperationKind.ReadModifyWrite or OperationKind.Flush or OperationKind.ViewFence;

    public bool NeedsEmptyBuffer => Kind is OperationKind.ReadModifyWrite or OperationKind.Fence;

    public void Set(OperationKind kind, nint address = 0, nint other = 0)
    {
        Kind = kind;
        Condition = null;
        _addresses.Clear();
        if (address != 0) _addresses.Add(address);
        if (other != 0) _addresses.Add(other);
    }

    public void SetWait(Func<bool> condition)
    {
        Set(OperationKind.Wait);
        Condition = condition;
    }

    /// <summary>What the last evaluation of a condition read: its outcome depends on nothing else.</summary>
    public void DependOn(HashSet<nint> addresses)
    {
        _addresses.Clear();
        _addresses.AddRange(addresses);
    }

    /// <summary>
    /// Two operations of different processes commute unless they share a location and one writes it. This over-approximates
    /// (a failing compare-exchange counts as a write, a load and its own thread's flush as dependent), which costs schedules, never soundness.
    /// </summary>
    public bool CommutesWith(PendingOperation other)
    {
        if (!Writes && !other.Writes) return true;
        foreach (var address in _addresses)
        {
            if (other._addresses.Contains(address)) return false;
        }

        return true;
    }
}
