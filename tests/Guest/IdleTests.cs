using System.Diagnostics;

namespace Troupe.Guest.Tests;

/// <summary>What a guest that waits takes of its host's processors (docs/scheduling.md, "Polling before the halt").</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(4);

    [Fact]
    public async Task AGuestThatNobodyAsksLeavesTheHostItsProcessors()
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Processors = 2 });
        await guest.ListensAsync();
        Assert.Equal("hit 1\n", await guest.Http.GetStringAsync("/"));
        await Task.Delay(TimeSpan.FromSeconds(1));
        var share = await ShareAsync(guest, () => Task.Delay(TimeSpan.FromSeconds(3)));
        Assert.InRange(share, 0, 0.2);
    }

    /// <summary>Asked every few milliseconds, a guest that polls up to ten is awake nearly all the time; one that must not poll halts in between.</summary>
    [Fact]
    public async Task AProcessorThatIsSoonNeededAgainStaysAwakeAsLongAsItIsAllowedTo()
    {
        var polling = await ShareUnderRequestsAsync("kernel.poll=10000");
        var halting = await ShareUnderRequestsAsync("kernel.poll=0");
        Assert.True(polling > 1.5 * halting, $"{polling:0.00} of a processor polling, {halting:0.00} halting");
    }

    private static async Task<double> ShareUnderRequestsAsync(string commandLine)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Processors = 1, CommandLine = commandLine });
        await guest.ListensAsync();
        // The first take the longest: code runs for the first time.
        await AskAsync(guest, 50);
        return await ShareAsync(guest, () => AskAsync(guest, 250));
    }

    private static async Task AskAsync(Guest guest, int times)
    {
        for (var count = 0; count < times; count++)
        {
            await guest.Http.GetStringAsync("/");
            await Task.Delay(_pause);
        }
    }

    /// <summary>Of one processor of the host, while something goes on.</summary>
    private static async Task<double> ShareAsync(Guest guest, Func<Task> meanwhile)
    {
        var clock = Stopwatch.StartNew();
        var before = guest.ProcessorTime;
        await meanwhile();
        return (guest.ProcessorTime - before) / clock.Elapsed;
    }
}
