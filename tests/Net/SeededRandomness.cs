using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

/// <summary>Numbers that come back with their seed; TROUPE_SEED gives one back.</summary>
internal sealed class SeededRandomness(int seed) : IRandomness
{
    private readonly Random _random = new(seed);
    private readonly Lock _gate = new();

    public static int NewSeed() => int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), out int seed) ? seed : Random.Shared.Next();

    public void Fill(Span<byte> bytes)
    {
        lock (_gate)
            _random.NextBytes(bytes);
    }
}
