namespace Troupe.Core.Machine;

/// <summary>The seam to the time stamp counter.</summary>
public interface ITimeStampCounter
{
    /// <summary>RDTSC.</summary>
    static abstract ulong Read();

    /// <summary>LFENCE, RDTSC: not before every earlier load has been done. What a seqlock, and time across processors, need.</summary>
    static abstract ulong ReadOrdered();
}
