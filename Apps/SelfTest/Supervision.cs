using System.Diagnostics;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary><see cref="FailureStorm"/> on this machine, and its sums.</summary>
internal static class Supervision
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    internal static bool Run(ReadOnlySpan<string> words)
    {
        int failures = 100_000, seed = 1;
        if ((words.Length > 0 && (!int.TryParse(words[0], out failures) || failures < 1)) || (words.Length > 1 && !int.TryParse(words[1], out seed)))
        {
            Console.WriteLine("supervision [FAILURES [SEED]]: failures, at least 1, and a number to seed with");
            return false;
        }

        IWorkerHost host = Machine.IsImage ? new GuestMachine().Workers : new LinuxWorkerHost();
        var clock = Stopwatch.StartNew();
        FailureStorm.Sums sums = FailureStorm.RunAsync(host, failures, seed, _patience).GetAwaiter().GetResult();
        Console.WriteLine($"supervision seed {seed}, {clock.Elapsed.TotalSeconds:F1} s: {sums}");
        return sums.Hold && sums.Living == 0 && sums.Failures >= failures;
    }
}
