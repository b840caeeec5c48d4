namespace Troupe.Verification.Explorer;

/// <summary>The rules by which stores become visible to other threads.</summary>
public enum MemoryModel
{
    /// <summary>Sequential consistency: a store is visible at once (Lamport 1979).</summary>
    SequentialConsistency,

    /// <summary>
    /// x86 total store order as x86-TSO formalises it (Sewell et al., CACM 2010): each thread has a first-in first-out
    /// store buffer, its own loads look there first, and read-modify-write operations and fences wait until it is empty.
    /// </summary>
    TotalStoreOrder,

    /// <summary>
    /// Strong release/acquire (Lahav et al., POPL 2016): weaker than x86. A load may read an old store until something it has read rules that out, two threads may see the stores of two others in
    /// different orders, and only full fences and updates order a store before a later load. See <see cref="ViewMemory"/>.
    /// </summary>
    ReleaseAcquire,
}
