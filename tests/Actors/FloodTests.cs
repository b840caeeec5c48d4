using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Troupe.Actors.Tests;

/// <summary>A mailbox does not exhaust memory: a process whose heap may have 64 MB lets four senders send a multiple of that to one slow actor, by each policy.</summary>
public sealed partial class FloodTests
{
    private const long HeapLimit = 64L << 20;

    [Theory]
    [InlineData("Wait")]
    [InlineData("WaitUnawaited")]
    [InlineData(nameof(OverflowPolicy.Fail))]
    [InlineData(nameof(OverflowPolicy.DropNewest))]
    [InlineData(nameof(OverflowPolicy.DropOldest))]
    public async Task A_flooded_actor_slows_its_senders_or_drops_and_every_message_is_accounted_for(string mode)
    {
        (int exitCode, string output) = await RunAsync(mode);

        Assert.True(exitCode == 0, output);
        Match counts = Counts().Match(output);
        Assert.True(counts.Success, output);
        long handled = Number(counts, "handled");
        long dropped = Number(counts, "dropped");
        long refused = Number(counts, "refused");
        Assert.Equal(HeapLimit, Number(counts, "heap"));
        Assert.Equal(Flood.Messages, handled + dropped + refused + Number(counts, "dead"));
        Assert.Equal(mode is "Wait", dropped + refused == 0);
        Assert.Equal(mode.StartsWith("Drop", StringComparison.Ordinal), dropped > 0);
    }

    [Fact]
    public async Task A_mailbox_without_a_bound_exhausts_the_same_heap()
    {
        (int exitCode, string output) = await RunAsync(nameof(MailboxOptions.Unbounded));
        Assert.True(exitCode != 0, output);
        // The runtime says why it ends, or that it has not even the memory to say so.
        Assert.Matches(@"(?i)out ?of ?memory|Cannot print exception string because Exception\.ToString\(\) failed", output);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string mode)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(FloodTests).Assembly.Location, Flood.Command, mode])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("X", CultureInfo.InvariantCulture),
                ["DOTNET_DbgEnableMiniDump"] = "0",
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output + await errors);
    }

    private static long Number(Match match, string name) => long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"handled (?<handled>\d+) dropped (?<dropped>\d+) refused (?<refused>\d+) dead (?<dead>\d+) heap (?<heap>\d+)")]
    private static partial Regex Counts();
}
