namespace Troupe.Actors;

/// <summary>
/// Waiting before a restart: the delay doubles with every failure in a row, up to a maximum, and is spread by chance so that
/// actors that failed together do not all come back together.
/// </summary>
/// <param name="Initial">The delay after the first failure.</param>
/// <param name="Maximum">The longest delay before it is spread.</param>
public sealed record RestartBackoff(TimeSpan Initial, TimeSpan Maximum)
{
    /// <summary>The spread, as a part of the delay: 0.2 makes it 80 % to 120 %.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>A child that ran for so long after its restart begins again with <see cref="Initial"/>.</summary>
    public TimeSpan ResetAfter { get; init; } = Maximum;

    /// <summary>Where chance comes from: numbers from 0 up to 1.</summary>
    public Func<double> Randomness { get; init; } = Random.Shared.NextDouble;

    /// <summary>The delay after so many failures in a row before this one.</summary>
    internal TimeSpan Delay(int failuresBefore)
    {
        // In floating point, where the doubling saturates instead of overflowing.
        double delay = Math.Min(Initial.TotalMilliseconds * Math.Pow(2, failuresBefore), Maximum.TotalMilliseconds);
        double spread = 1 + (Jitter * ((2 * Randomness()) - 1));
        return TimeSpan.FromMilliseconds(Math.Max(0, delay * spread));
    }
}
