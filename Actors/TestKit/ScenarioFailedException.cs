namespace Troupe.Actors.TestKit;

/// <summary>A scenario failed under some seed; the same seed fails the same way again.</summary>
public sealed class ScenarioFailedException : Exception
{
    internal ScenarioFailedException(int seed, Exception failure, IReadOnlyList<ActorFailure> failures, IReadOnlyList<string> lastSteps)
        : base($"Seed {seed}: {failure.Message}\n{string.Concat(failures.Select(actor => $"{actor.Path} failed: {actor.Exception}\n"))}Again with {TestSystem.SeedVariable}={seed}. The last steps:\n{string.Join('\n', lastSteps)}", failure)
    {
        Seed = seed;
    }

    /// <summary>The seed.</summary>
    public int Seed { get; }
}
