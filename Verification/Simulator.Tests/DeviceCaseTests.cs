using System.Globalization;
using Xunit.Abstractions;

namespace Troupe.Verification.Simulator.Tests;

/// <summary>As many cases as fit some seconds. TROUPE_SEED gives another first seed; `./troupe verify devices` runs thousands.</summary>
public sealed class DeviceCaseTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(DeviceKind.VirtioNet)]
    [InlineData(DeviceKind.VirtioBlk)]
    [InlineData(DeviceKind.VirtioRng)]
    [InlineData(DeviceKind.Rtl8139)]
    [InlineData(DeviceKind.NetFront)]
    public void WhateverADeviceDoesItsDriverStaysWithinItsMemoryAndServesAgain(DeviceKind device)
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), CultureInfo.InvariantCulture, out int given) ? given : 0;
        DeviceRunResult result = DeviceRun.Run(first, 100, device, Environment.ProcessorCount);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"100 cases from {first} in {result.Wall.TotalSeconds:F1} s: {result.Devices[device]}"));
        Assert.True(
            result.Failures.Count == 0,
            string.Join("\n", result.Failures.Take(5).Select(static failure => $"{DeviceCase.Command(failure.Seed, failure.Device)}: {failure.Failure}")));
        // That the devices did misbehave, and that drivers noticed.
        Assert.True(result.Devices[device] is { Violations: > 50, Resets: > 50, Accesses: > 1000 });
    }

    // Of a packet in several buffers, the first were lost when the queue found a later one to be a lie.
    [Fact]
    public void ACaseThatLostABufferLosesNone() => Assert.Null(DeviceCase.Run(3425, DeviceKind.VirtioNet).Failure);

    // The driver believed to the end what it had read of the device; only the device can say that it is not so any more.
    [Theory]
    [InlineData(15706)] // another configuration
    [InlineData(2193)] // registers read as anything
    public void ACaseThatMisledItsDriverEnds(int seed) => Assert.Null(DeviceCase.Run(seed, DeviceKind.VirtioBlk).Failure);

    [Fact]
    public void ACaseReplaysToTheStep() => Assert.Empty(DeviceRun.FindUnrepeatable(300, 25));

    [Fact]
    public void AnotherSeedTakesAnotherWay() => Assert.NotEqual(DeviceCase.Run(0).Fingerprint, DeviceCase.Run(5).Fingerprint);
}
