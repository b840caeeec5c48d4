namespace Troupe.Verification.Simulator;

/// <summary>How a simulation ended.</summary>
/// <param name="Seed">What it followed from.</param>
/// <param name="Kinds">The kinds of faults in it.</param>
/// <param name="Failure">What did not hold; null if everything did.</param>
/// <param name="Fingerprint">A number made of every step and every frame: equal for two runs that took the same way.</param>
/// <param name="Steps">Turns, timers and continuations.</param>
/// <param name="Virtual">How much time passed in it.</param>
/// <param name="Wall">How long it took.</param>
/// <param name="FaultsEnded">When faults stopped.</param>
/// <param name="Injected">How often each kind happened.</param>
/// <param name="Trace">The last frames and faults, in words.</param>
public sealed record SimulationReport(
    int Seed, FaultKinds Kinds, string? Failure, ulong Fingerprint, long Steps, TimeSpan Virtual, TimeSpan Wall, TimeSpan FaultsEnded,
    IReadOnlyDictionary<FaultKinds, long> Injected, IReadOnlyList<string> Trace)
{
    /// <summary>Whether everything held.</summary>
    public bool Passed => Failure is null;
}
