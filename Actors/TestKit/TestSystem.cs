using System.Globalization;

namespace Troupe.Actors.TestKit;

/// <summary>
/// A system of actors under test, on one thread, in virtual time, in an order that follows from a seed. A scenario is written as if it were
/// one of the participants: it tells and asks, waits and expects, and everything it awaits comes back in its place in that order.
/// </summary>
public sealed class TestSystem
{
    /// <summary>The environment variable with the one seed to run.</summary>
    public const string SeedVariable = "TROUPE_SEED";

    /// <summary>How many seeds are tried unless said otherwise.</summary>
    public const int DefaultSeeds = 100;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    private readonly Arrivals<ActorFailure> _failures;
    private readonly Arrivals<DeadLetter> _deadLetters;

    private TestSystem(TestOptions options, int seed)
    {
        Host = new DeterministicHost(seed, options.ProcessorCount) { MaximumSteps = options.MaximumSteps };
        Random = new Random(seed);
        _failures = new Arrivals<ActorFailure>(Host.Time, "failure");
        _deadLetters = new Arrivals<DeadLetter>(Host.Time, "dead letter");
        // An ask that nobody answers ends long before the shutdown does.
        var system = new ActorSystemOptions { ShutdownTimeout = TimeSpan.FromMinutes(1) };
        System = new ActorSystem((options.Configure?.Invoke(system) ?? system) with
        {
            Host = Host,
            Time = Host.Time,
            OnFailure = _failures.Add,
            OnDeadLetter = _deadLetters.Add,
        });
    }

    /// <summary>Where the actors under test live.</summary>
    public ActorSystem System { get; }

    /// <summary>What runs them.</summary>
    public DeterministicHost Host { get; }

    /// <summary>The clock.</summary>
    public VirtualTime Time => Host.Time;

    /// <summary>What the order of events follows from.</summary>
    public int Seed => Host.Seed;

    /// <summary>Chance for the scenario itself: the same for the same seed.</summary>
    public Random Random { get; }

    /// <summary>Runs a scenario once.</summary>
    /// <exception cref="ScenarioFailedException">It threw, it can make no progress, an actor failed unexpectedly, or actors did not stop at the end.</exception>
    public static void Run(Func<TestSystem, Task> scenario, TestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        options ??= new TestOptions();
        RunOne(scenario, options, SeedOfEnvironment() ?? options.Seed);
    }

    /// <summary>
    /// Runs a scenario under many seeds, from the one in the options upwards, so that its actors meet in many orders. The first failure ends it and
    /// names its seed; with that in the environment's <see cref="SeedVariable"/> the scenario runs under this one only.
    /// </summary>
    /// <exception cref="ScenarioFailedException">See <see cref="Run"/>.</exception>
    public static void RunSeeds(Func<TestSystem, Task> scenario, int count = DefaultSeeds, TestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        options ??= new TestOptions();
        if (SeedOfEnvironment() is { } only)
        {
            RunOne(scenario, options, only);
            return;
        }

        for (int index = 0; index < count; index++)
            RunOne(scenario, options, options.Seed + index);
    }

    /// <summary>An actor that keeps what it is sent until it is expected.</summary>
    public TestProbe<TMessage> CreateProbe<[Sendable] TMessage>(string? name = null) => new(System, name);

    /// <summary>Lets so much time pass: all that happens meanwhile has happened then.</summary>
    public async Task AdvanceAsync(TimeSpan time)
    {
        await Task.Delay(time, Time);
        await WhenIdle();
    }

    /// <inheritdoc cref="DeterministicHost.WhenIdle"/>
    public Task WhenIdle() => Host.WhenIdle();

    /// <summary>A failure of an actor, the first that matches. A failure that nobody expects fails the scenario at its end.</summary>
    /// <exception cref="ExpectationException">None came in time.</exception>
    public Task<ActorFailure> ExpectFailureAsync(Func<ActorFailure, bool>? matches = null, TimeSpan? within = null) =>
        _failures.FindAsync(matches ?? (static _ => true), within ?? _patience);

    /// <summary>A message to an actor that has stopped, the first that matches.</summary>
    /// <exception cref="ExpectationException">None came in time.</exception>
    public Task<DeadLetter> ExpectDeadLetterAsync(Func<DeadLetter, bool>? matches = null, TimeSpan? within = null) =>
        _deadLetters.FindAsync(matches ?? (static _ => true), within ?? _patience);

    /// <summary>No dead letter for so long, and none before that was not expected.</summary>
    /// <exception cref="ExpectationException">There was one.</exception>
    public Task ExpectNoDeadLetterAsync(TimeSpan? during = null) => _deadLetters.ExpectNoneAsync(during ?? _patience);

    /// <summary>The actor stops within so much time.</summary>
    /// <exception cref="ExpectationException">It did not.</exception>
    public async Task ExpectTerminatedAsync(ActorRef actor, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        try
        {
            await actor.Terminated.WaitAsync(within ?? _patience, Time);
        }
        catch (TimeoutException)
        {
            throw new ExpectationException($"{actor.Path} did not stop within {within ?? _patience}.");
        }
    }

    private static void RunOne(Func<TestSystem, Task> scenario, TestOptions options, int seed)
    {
        var test = new TestSystem(options, seed);
        try
        {
            test.Host.Run(() => scenario(test));
            test.Host.Dispose(test.System);
            if (!options.IgnoresFailures && test._failures.Items.Count > 0)
                throw new ExpectationException($"{test._failures.Items.Count} failures of actors were not expected.");
        }
        catch (Exception failure)
        {
            throw new ScenarioFailedException(seed, failure, test._failures.Items, test.Host.LastSteps);
        }
    }

    private static int? SeedOfEnvironment()
    {
        string? text = Environment.GetEnvironmentVariable(SeedVariable);
        if (string.IsNullOrEmpty(text))
            return null;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : throw new FormatException($"{SeedVariable} is '{text}', which is no seed: give a whole number, as the failing test printed it.");
    }
}
