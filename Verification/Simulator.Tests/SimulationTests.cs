using System.Globalization;
using Xunit.Abstractions;

namespace Troupe.Verification.Simulator.Tests;

/// <summary>
/// As many seeds as fit some seconds. TROUPE_SEED gives another first seed, TROUPE_SEEDS another number; `./troupe verify sim` runs thousands.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _most = TimeSpan.FromSeconds(8);

    [Fact]
    public void WhatIsSentArrivesWhateverGoesWrongAndNothingLeaks() => Run(new());

    [Fact]
    public void AlsoWhenEveryMailboxHoldsOneMessage() => Run(new() { MailboxCapacity = 1 });

    // One of 10,000 seeds: TCP had no room for the word that a path takes less, which was then counted as a packet received and dropped.
    [Fact]
    public void AnErrorThatATransportHasNoRoomForIsNoPacketReceived() =>
        Assert.Null(Simulation.Run(2373, new() { MailboxCapacity = 1, Kinds = FaultKinds.MtuChange }).Failure);

    [Fact]
    public void AlsoAmongSeveralHosts() => Run(new() { Hosts = 4, Octets = 32 * 1024 }, 20);

    [Fact]
    public void ASeedReplaysToTheBit() => Assert.Empty(SeedRun.FindUnrepeatable(5000, 10, new() { Octets = 64 * 1024 }));

    [Fact]
    public void AnotherSeedTakesAnotherWay() => Assert.NotEqual(Simulation.Run(1, Small).Fingerprint, Simulation.Run(2, Small).Fingerprint);

    [Theory]
    [InlineData(FaultKinds.Loss)]
    [InlineData(FaultKinds.Partition)]
    [InlineData(FaultKinds.DeviceReset)]
    [InlineData(FaultKinds.DriverCrash)]
    [InlineData(FaultKinds.LostInterrupt)]
    [InlineData(FaultKinds.MemoryRefusal)]
    public void AFaultHappensInSeedsThatHaveItsKind(FaultKinds kind)
    {
        SeedRunResult result = SeedRun.Run(0, 10, Small with { Kinds = kind }, Environment.ProcessorCount);
        AssertPassed(result);
        Assert.NotEqual(0, result.Injected[kind]);
        Assert.All(result.Injected.Where(pair => pair.Key != kind), static pair => Assert.Equal(0, pair.Value));
    }

    [Fact]
    public void WithoutFaultsATransferTakesLittleTime() =>
        Assert.InRange(Simulation.Run(7, new() { Kinds = FaultKinds.None }).Virtual, TimeSpan.Zero, TimeSpan.FromMinutes(2));

    // A time limit that nothing can keep is a failure that can be shrunk, to no fault at all.
    [Fact]
    public void AFailingSeedIsShrunkToWhatItNeeds()
    {
        SimulationOptions options = Small with { Kinds = FaultKinds.Loss | FaultKinds.Delay, Patience = TimeSpan.FromMilliseconds(-500) };
        SimulationReport report = Simulation.Run(3, options with { FaultsUntil = TimeSpan.FromMilliseconds(400) });
        Assert.Contains("Stuck", report.Failure, StringComparison.Ordinal);
        SimulationOptions smallest = Shrinking.Shrink(3, options with { FaultsUntil = TimeSpan.FromMilliseconds(400) });
        Assert.Equal(FaultKinds.None, smallest.Kinds);
        Assert.Contains("--seed 3", Shrinking.Command(3, smallest), StringComparison.Ordinal);
    }

    private static SimulationOptions Small => new() { Octets = 64 * 1024 };

    private void Run(SimulationOptions options, int seeds = 150)
    {
        int first = Given("TROUPE_SEED") ?? 0;
        SeedRunResult result = SeedRun.Run(first, Given("TROUPE_SEEDS") ?? seeds, options, Environment.ProcessorCount, _most);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Seeds} seeds from {first}, {result.Virtual / result.Wall:F0} times as fast as the clock"));
        Assert.NotEqual(0, result.Seeds);
        AssertPassed(result);
    }

    private static void AssertPassed(SeedRunResult result) => Assert.True(
        result.Failures.Count == 0,
        string.Join("\n", result.Failures.Take(5).Select(static failure => $"{Shrinking.Command(failure.Seed, new())} ({failure.Kinds}): {failure.Failure}")));

    private static int? Given(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
