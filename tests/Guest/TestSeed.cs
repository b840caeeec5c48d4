using System.Globalization;

namespace Troupe.Guest.Tests;

/// <summary>The seed of this run's random input: printed, and taken back from TROUPE_SEED.</summary>
internal static class TestSeed
{
    public static int Value { get; } = Choose();

    private static int Choose()
    {
        var given = Environment.GetEnvironmentVariable("TROUPE_SEED");
        var seed = given is null ? Random.Shared.Next() : int.Parse(given, CultureInfo.InvariantCulture);
        Console.WriteLine($"TROUPE_SEED={seed}");
        return seed;
    }
}
