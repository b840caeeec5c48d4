namespace Troupe.Core.Machine.Memory;

/// <summary>What kind of memory a region is, beyond its protection.</summary>
[Flags]
public enum RegionKind
{
    /// <summary>Plain private memory.</summary>
    None = 0,

    /// <summary>A thread's stack: only its top is charged in advance.</summary>
    Stack = 1,

    /// <summary>The guard page below a stack.</summary>
    Guard = 2,

    /// <summary>The area of brk.</summary>
    Break = 4,
}
