namespace Troupe.Actors.TestKit;

/// <summary>How a scenario is run.</summary>
public sealed record TestOptions
{
    /// <summary>What the order of events follows from; the environment's <see cref="TestSystem.SeedVariable"/> comes before it.</summary>
    public int Seed { get; init; }

    /// <summary>Changes the options of the system under test: its deadlines, say. Its host, clock and observers are the test's.</summary>
    public Func<ActorSystemOptions, ActorSystemOptions>? Configure { get; init; }

    /// <summary>As how many processors the host presents itself.</summary>
    public int ProcessorCount { get; init; } = 1;

    /// <summary>Failures of actors that no <see cref="TestSystem.ExpectFailureAsync"/> took do not fail the test.</summary>
    public bool IgnoresFailures { get; init; }

    /// <inheritdoc cref="DeterministicHost.MaximumSteps"/>
    public long MaximumSteps { get; init; } = DeterministicHost.DefaultMaximumSteps;
}
