using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>How a processor stands to the panic that is under way.</summary>
public enum PanicStanding
{
    /// <summary>There was none: this processor has the word.</summary>
    First = 0,

    /// <summary>This processor has the word already: what it did to tell the cause has failed too.</summary>
    Nested = 1,

    /// <summary>Another processor has the word, and must be let finish.</summary>
    Other = 2,
}

/// <summary>Which processor tells the cause when several panic at once: the first, and it alone.</summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
public static class PanicOwner<TMemory>
    where TMemory : struct, IMemory
{
    /// <summary>Asks for the word.</summary>
    /// <param name="owner">0, or one more than the processor that has the word.</param>
    /// <param name="processor">Who asks.</param>
    public static PanicStanding Claim(ref int owner, int processor)
    {
        int before = TMemory.CompareExchange(ref owner, processor + 1, 0);
        return before == 0 ? PanicStanding.First : before == processor + 1 ? PanicStanding.Nested : PanicStanding.Other;
    }

    /// <summary>Whether a processor other than this one has the word.</summary>
    public static bool IsAnothers(ref int owner, int processor)
    {
        int present = TMemory.LoadAcquire(ref owner);
        return present != 0 && present != processor + 1;
    }
}
