namespace Troupe.Core.Machine;

/// <summary>The seam to the time stamp counter.</summary>
public interface ITimeStampCounter
{
    /// <summary>RDTSC.</summary>
    static abstract ulong Read();
}
