namespace Troupe.Verification.Simulator;

/// <summary>
/// Which faults a seed brings, how often and until when. Each kind draws from numbers of its own, so that one can be left out without another becoming a different one.
/// </summary>
internal sealed class FaultPlan
{
    private static readonly FaultKinds[] _each = [.. Enum.GetValues<FaultKinds>().Where(static kind => System.Numerics.BitOperations.PopCount((uint)kind) == 1)];

    private readonly Dictionary<FaultKinds, Random> _random = [];
    private readonly Dictionary<FaultKinds, double> _odds = [];
    private readonly TimeSpan _from;
    private bool _hasEnded;

    public FaultPlan(int seed, SimulationOptions options)
    {
        Random random = new(seed);
        // A few at a time, so that each is felt.
        FaultKinds mix = FaultKinds.None;
        int count = random.Next(1, 5);
        for (int picked = 0; picked < count; picked++)
            mix |= _each[random.Next(_each.Length)];
        End = TimeSpan.FromSeconds(0.5 + random.NextDouble() * 6);
        if (options.FaultsUntil < End)
            End = options.FaultsUntil;
        _from = options.FaultsFrom;
        Kinds = (options.Kinds ?? mix) & ~options.Without;
        foreach (FaultKinds kind in _each)
        {
            _random[kind] = new(seed ^ (int)kind * 7919);
            _odds[kind] = _random[kind].NextDouble();
            Injected[kind] = 0;
        }
    }

    public static IReadOnlyList<FaultKinds> Each => _each;

    public FaultKinds Kinds { get; }

    /// <summary>When faults stop.</summary>
    public TimeSpan End { get; }

    public Dictionary<FaultKinds, long> Injected { get; } = [];

    public bool Has(FaultKinds kind) => (Kinds & kind) != 0;

    /// <summary>The numbers of a kind.</summary>
    public Random Of(FaultKinds kind) => _random[kind];

    /// <summary>How strong a kind is in this seed, from 0 to 1.</summary>
    public double Strength(FaultKinds kind) => _odds[kind];

    /// <summary>Whether a kind strikes now, with odds of at most so much. Drawn also when it may not, so that what follows stays the same.</summary>
    public bool Strikes(FaultKinds kind, double most, TimeSpan now)
    {
        if (!Has(kind))
            return false;
        bool strikes = _random[kind].NextDouble() < most * _odds[kind] && IsTime(now);
        if (strikes)
            Count(kind);
        return strikes;
    }

    public bool IsTime(TimeSpan now) => !_hasEnded && now >= _from && now < End;

    public void Count(FaultKinds kind) => Injected[kind]++;

    public void Stop() => _hasEnded = true;
}
