using Troupe.Actors;
using Troupe.Apps.Benchmark;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// The devices of a guest break their rules, while the host moves bytes by HTTP and a log store is changed (<c>./troupe test devices</c>). Their drivers must never fail over it, and no octet around the memory
/// that a device can reach may change. Of a seed, the case of a number does the same in each run; what the device does just then is its own.
/// </summary>
internal sealed class DeviceHarms(ActorSystem actors, StoreLoad load, int seed)
{
    private const int LongestPause = 30;

    /// <summary>Steps of <see cref="Step"/> that a case waits for a change of the store: a client that is refused a dozen times gives up, and a guest on a busy host gets little done between two cases.</summary>
    private const int LongestWait = 40;

    /// <summary>Milliseconds.</summary>
    private const int Step = 5;

    /// <summary>Of so many cases, some are found out of each device.</summary>
    private const int EnoughCases = 100;

    private readonly long _failuresBefore = actors.FailureCount;
    private readonly Random _pauses = new(seed);
    private string _guards = "";
    private int _acknowledged;

    /// <summary>Whether no octet of a guard has another value than it had. Says so to the console when that has changed.</summary>
    internal bool AreGuardsWhole
    {
        get
        {
            (long blocks, long changed) = DeviceFaults.Look();
            string guards = $"guards: {changed} octets changed around {blocks} blocks";
            if (guards != _guards)
            {
                _guards = guards;
                Console.WriteLine($"kill: {guards}");
            }

            return changed == 0;
        }
    }

    /// <summary>Whether the drivers found out what they should have.</summary>
    internal static bool WereFoundOut(int cases, long networkLies, long diskLies) => cases < EnoughCases || (networkLies > 0 && diskLies > 0);

    /// <summary>One case, after a pause, and after something was done since the last: at most a fifth of a second, because a device may be dead.</summary>
    internal async Task HarmAsync(int number)
    {
        for (int step = 0; step < LongestWait && load.Acknowledged == _acknowledged; step++)
        {
            await Task.Delay(Step);
        }

        _acknowledged = load.Acknowledged;
        await Task.Delay(_pauses.Next(LongestPause));
        string? what;
        // All devices may be at rest in reset, for a second.
        while ((what = DeviceFaults.Harm(Case(number))) is null)
        {
            await Task.Delay(1);
        }

        Console.WriteLine($"kill: harm {what}");
    }

    /// <summary>Brings back a network card that was left silent, for which nobody waits; the driver of a disk finds out by itself, at its deadline. False: a driver, or another actor, failed until then.</summary>
    internal async Task<bool> EndAsync(NetworkKill network)
    {
        DeviceFaults.End();
        long failures = actors.FailureCount - _failuresBefore;
        await network.KillAsync(inTheMiddle: false);
        // Whatever was written over an object would end this.
        GC.Collect();
        Console.WriteLine($"kill: {failures} failures of actors");
        return failures == 0;
    }

    private Random Case(int number) => new((int)ByteSequence.Mix(((ulong)seed << 32) | (uint)number));
}
