namespace Troupe.Actors;

/// <summary>
/// A behaviour that must not be swapped: it holds what no successor could take over or begin afresh with. A swap of its actor ends with a <see cref="HotSwapException"/> that gives
/// <see cref="WhyNotSwapped"/>, and it goes on as it was. Without this, a behaviour that exports nothing is swapped for one that begins with nothing.
/// </summary>
public interface IRefusesSwap
{
    /// <summary>What a swap would lose, and what to do instead, as a sentence. Read in a turn of the actor.</summary>
    string WhyNotSwapped { get; }
}
