using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks;

/// <summary>
/// How long the kernel half keeps interrupts off, in the guest's own time: on one processor, with time that counts instructions, the host's
/// other work does not show. What an instruction takes in emulation is measured besides, and the bar held against the product.
/// </summary>
/// <remarks>
/// What instructions do not tell: those that lead to the emulator (a port of the serial line, the local APIC, a dropped translation) take longer than others, and
/// waits for other processors have no part in it.
/// </remarks>
public static partial class InterruptsOffBenchmark
{
    /// <summary>Longer than this interrupts are not off.</summary>
    public static readonly TimeSpan Bar = TimeSpan.FromMilliseconds(1);

    /// <summary>The self-test's words, and the longest that any may take on a busy host.</summary>
    private static readonly string[] _counted = ["interrupts", "bands", "stress 3"];

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    /// <summary>Runs the self-test, prints a line a cause, and says whether the bar is met.</summary>
    /// <param name="options">The guest; processors and command line are the benchmark's.</param>
    /// <param name="onLine">Gets what the guests say.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<bool> RunAsync(GuestOptions options, Action<string> onLine, CancellationToken cancellation)
    {
        var longest = new Dictionary<string, long>();
        Dictionary<string, double> counted = [], timed = [];
        void Hear(string line)
        {
            onLine(line);
            ReadYardstick(line, counted);
            if (InterruptsOffLine.TryParse(line) is { } off)
            {
                longest[off.Cause] = Math.Max(longest.GetValueOrDefault(off.Cause), off.Ticks);
            }
        }

        foreach (var words in _counted)
        {
            await RunAsync(options with { CountsInstructions = true }, words, Hear, cancellation).ConfigureAwait(false);
        }

        await RunAsync(options, "yardstick", line => ReadYardstick(line, timed), cancellation).ConfigureAwait(false);
        var factors = counted.Where(work => timed.ContainsKey(work.Key)).Select(work => timed[work.Key] / work.Value).ToList();
        if (longest.Count == 0 || factors.Count == 0)
        {
            throw new UserError("the self-test did not say how long interrupts were off.", exitCode: ExitCodes.Broken);
        }

        return Judge(longest, factors.Max());
    }

    private static bool Judge(Dictionary<string, long> longest, double nanoseconds)
    {
        TimeSpan InEmulation(long instructions) => TimeSpan.FromMicroseconds(instructions * nanoseconds / 1000);
        var sorted = longest.OrderByDescending(cause => cause.Value).ToList();
        Output.Table(
            ["interrupts off in", "instructions", "in emulation, us"],
            sorted.Select(cause => (IReadOnlyList<string>)[cause.Key, Number(cause.Value, "0"), Number(InEmulation(cause.Value).TotalMicroseconds, "0")]));
        bool met = InEmulation(sorted[0].Value) <= Bar;
        Output.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"interrupts off for at most {sorted[0].Value} instructions, in {sorted[0].Key}: about {InEmulation(sorted[0].Value).TotalMilliseconds:0.00} ms at {nanoseconds:0.0} ns each; the bar of {Bar.TotalMilliseconds:0} ms is {(met ? "met" : "MISSED")}"));
        return met;
    }

    private static async Task RunAsync(GuestOptions options, string words, Action<string> onLine, CancellationToken cancellation)
    {
        using var guest = GuestProcess.Start(options with { Processors = 1, CommandLine = $"{options.CommandLine} {words}".Trim() }, onLine);
        await using var ending = cancellation.Register(guest.Kill);
        var exit = await guest.Exit.WaitAsync(_longest, cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (exit.Code != 0)
        {
            throw new UserError($"the self-test '{words}' failed: {exit.Reason ?? $"exit code {exit.Code}"}", exitCode: ExitCodes.Failure);
        }
    }

    private static void ReadYardstick(string line, Dictionary<string, double> yardsticks)
    {
        var match = YardstickPattern().Match(line);
        if (match.Success)
        {
            yardsticks[match.Groups[1].Value] = double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^yardstick: (.+) takes (\d+) ns at least$")]
    private static partial Regex YardstickPattern();
}
