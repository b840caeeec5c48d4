namespace Troupe.Verification.Atomics;

/// <summary>Something done in a schedule.</summary>
/// <param name="Party">Who did it.</param>
/// <param name="Site">Which operation; -1 for a note.</param>
/// <param name="Text">The note.</param>
public sealed record AtomicStep(string Party, int Site, string? Text)
{
    /// <summary>Whom a note is for.</summary>
    public string? To { get; init; }
}
