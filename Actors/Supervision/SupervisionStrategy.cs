namespace Troupe.Actors;

/// <summary>
/// What an actor does about failures of the actors it spawned. Immutable and without state of its own: one instance serves any
/// number of supervisors. It is asked in a turn of the supervisor; until then the failed child handles nothing and loses nothing.
/// </summary>
public sealed record SupervisionStrategy
{
    /// <summary>Whom a restart or a stop concerns.</summary>
    public SupervisionScope Scope { get; init; } = SupervisionScope.OneForOne;

    /// <summary>
    /// What to do about a failure; the child's own <see cref="SpawnOptions.OnFailure"/>, which is the failure's
    /// <see cref="ActorFailure.Policy"/>, if not given. To restart a child that was spawned without a factory means to stop it.
    /// </summary>
    public Func<ActorFailure, FailurePolicy> Decide { get; init; } = static failure => failure.Policy;

    /// <summary>Restarts within <see cref="Window"/> that are still tried. The default pair, 3 in 5 s, is that of Elixir's supervisors.</summary>
    public int MaximumRestarts
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 3;

    /// <summary>The time within which restarts are counted.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What to do instead of one restart too many: <see cref="FailurePolicy.Escalate"/> or <see cref="FailurePolicy.Stop"/>.</summary>
    public FailurePolicy WhenExceeded
    {
        get;
        init
        {
            if (value is not (FailurePolicy.Escalate or FailurePolicy.Stop))
                throw new ArgumentOutOfRangeException(nameof(value), value, "Too many restarts end in Escalate or Stop.");
            field = value;
        }
    } = FailurePolicy.Escalate;

    /// <summary>The wait before a restart; null: none.</summary>
    public RestartBackoff? Backoff { get; init; }

    /// <summary>
    /// Whether the children outlive a restart of this actor itself. By default they are stopped first, and the new instance
    /// spawns its own.
    /// </summary>
    public bool KeepsChildren { get; init; }
}
