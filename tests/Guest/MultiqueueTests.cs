using System.Globalization;

namespace Troupe.Guest.Tests;

/// <summary>A virtio network card with a queue pair for each processor, on a tap that steers each flow to the pair it was sent by.</summary>
public sealed class MultiqueueTests
{
    private const int Requests = 2_000, Clients = 64;

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task EveryProcessorTakesInterruptsOfTheCardAndMovesFrames(int processors)
    {
        using var network = await NetworkNamespace.CreateAsync(severalQueues: true);
        using var guest = Guest.BootOnTap("Apps/Benchmark", network, options => options with { Processors = processors, Network = options.Network with { QueuePairs = processors } });
        await guest.ListensAsync();
        var load = await network.InsideAsync("h2load", "--h1", "-n", $"{Requests}", "-c", $"{Clients}", $"http://{NetworkNamespace.GuestAddress}:8080/");
        Assert.Contains($"{Requests} succeeded, 0 failed, 0 errored", load, StringComparison.Ordinal);
        var report = (await network.InsideAsync("curl", "-sS", "--fail", "--max-time", "30", $"http://{NetworkNamespace.GuestAddress}:8080/network"))
            .Split('\n').Select(static line => line.Split(' ')).Where(static words => words[0].StartsWith("device.", StringComparison.Ordinal))
            .ToDictionary(static words => words[0], static words => long.Parse(words[1], CultureInfo.InvariantCulture));
        for (var pair = 0; pair < processors; pair++)
        {
            // Pair N interrupts processor N. Of 64 connections some are on each: a quarter of its fair share is not much.
            Assert.True(report[$"device.pair.{pair}.interrupts"] > 0, $"processor {pair} was not interrupted");
            Assert.InRange(report[$"device.pair.{pair}.transmitted"], Requests / (4 * processors), long.MaxValue);
            Assert.InRange(report[$"device.pair.{pair}.received"], Requests / (4 * processors), long.MaxValue);
        }

        Assert.Equal(report["device.received"], Enumerable.Range(0, processors).Sum(pair => report[$"device.pair.{pair}.received"]));
    }
}
