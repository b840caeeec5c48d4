namespace Troupe.Core.Tests.Memory;

/// <summary>Random tests print their seed and take it back from TROUPE_SEED.</summary>
public static class Seed
{
    public static Random Next(Xunit.Abstractions.ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), out int given) ? given : Random.Shared.Next();
        output.WriteLine($"TROUPE_SEED={seed}");
        return new Random(seed);
    }
}
