using Troupe.Apps.SelfTest;
using Xunit.Abstractions;

namespace Troupe.Actors.Tests;

/// <summary>Issue 3, point 5, with all the failures it asks for; `troupe bench supervision` runs the same.</summary>
public sealed class FailureStormTests(ITestOutputHelper output)
{
    private const int Failures = 100_000;

    [Fact]
    public async Task SentIsHandledAndDeadLettersAndDroppedWhileAThousandActorsFail()
    {
        int seed = Environment.GetEnvironmentVariable("TROUPE_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
        FailureStorm.Sums sums = await FailureStorm.RunAsync(new ThreadWorkerHost(2), Failures, seed, TimeSpan.FromMinutes(3));
        output.WriteLine($"TROUPE_SEED={seed}: {sums}");
        Assert.True(sums.Hold, $"TROUPE_SEED={seed}: {sums}");
        Assert.True(sums.Failures >= Failures, $"TROUPE_SEED={seed}: {sums}");
        Assert.Equal(0, sums.Living);
    }
}
