namespace Troupe.Core.Machine.Memory;

/// <summary>What a page fault came to.</summary>
public enum FaultResult
{
    /// <summary>The page is there with the right that was missing: run the instruction again.</summary>
    Handled,

    /// <summary>Nothing is mapped there: SIGSEGV, SEGV_MAPERR.</summary>
    NoRegion,

    /// <summary>The mapping does not allow the access: SIGSEGV, SEGV_ACCERR.</summary>
    ProtectionViolation,

    /// <summary>The guard page below a stack: a stack overflow.</summary>
    GuardPage,

    /// <summary>A stack could not grow, its reserve being exhausted; the one case that ends the guest.</summary>
    OutOfMemory,
}
