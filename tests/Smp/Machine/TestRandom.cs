using System.Globalization;

namespace Troupe.Smp.Tests.Machine;

/// <summary>Randomness that can be had again: TROUPE_SEED.</summary>
public static class TestRandom
{
    public static Random Create(out int seed)
    {
        string? given = Environment.GetEnvironmentVariable("TROUPE_SEED");
        seed = given == null ? Random.Shared.Next() : int.Parse(given, CultureInfo.InvariantCulture);
        Console.WriteLine($"TROUPE_SEED={seed}");
        return new Random(seed);
    }
}
