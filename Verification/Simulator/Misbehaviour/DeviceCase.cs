using Troupe.Actors.TestKit;

namespace Troupe.Verification.Simulator;

/// <summary>The devices whose drivers are tried.</summary>
public enum DeviceKind
{
    /// <summary>A virtio network card.</summary>
    VirtioNet,

    /// <summary>A virtio disk.</summary>
    VirtioBlk,

    /// <summary>A virtio entropy device.</summary>
    VirtioRng,

    /// <summary>The card of Realtek.</summary>
    Rtl8139,

    /// <summary>The guest's half of a Xen network card.</summary>
    NetFront,
}

/// <summary>How a case ended.</summary>
/// <param name="Seed">What it followed from.</param>
/// <param name="Device">Whose driver was tried.</param>
/// <param name="Failure">What did not hold; null if everything did.</param>
/// <param name="Fingerprint">A number made of every step: equal for two runs that took the same way.</param>
/// <param name="Steps">Turns, timers and continuations.</param>
/// <param name="Virtual">How much time passed in it.</param>
/// <param name="Violations">Broken rules that the driver counted.</param>
/// <param name="Resets">Starts after the first.</param>
/// <param name="Accesses">Accesses to shared memory that were checked.</param>
/// <param name="Injected">How often each kind happened.</param>
/// <param name="Trace">What was done, in words.</param>
public sealed record DeviceCaseReport(
    int Seed, DeviceKind Device, string? Failure, ulong Fingerprint, long Steps, TimeSpan Virtual, long Violations, long Resets, long Accesses,
    IReadOnlyDictionary<Misbehaviour, int> Injected, IReadOnlyList<string> Trace);

/// <summary>
/// One driver on one device that behaves, then misbehaves at moments that follow from a seed, and then behaves from its next reset on; a client has work for it all the time, and must have it done in the end.
/// </summary>
public static class DeviceCase
{
    private const long MostSteps = 200_000;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(30);

    /// <summary>The kind of device that a seed has if nobody says otherwise.</summary>
    public static DeviceKind KindOf(int seed) => (DeviceKind)((uint)seed % (uint)Enum.GetValues<DeviceKind>().Length);

    /// <summary>Runs one.</summary>
    public static DeviceCaseReport Run(int seed, DeviceKind? device = null) => Run(seed, device ?? KindOf(seed), Create);

    internal static DeviceCaseReport Run(int seed, DeviceKind device, Func<DeviceKind, Random, DeterministicHost, DeviceBench> create)
    {
        Dictionary<Misbehaviour, int> injected = [];
        List<string> trace = [];
        DeterministicHost host = new(seed) { MaximumSteps = MostSteps };
        (TimeSpan Time, long Steps, ulong Fingerprint) end = default;
        (long Violations, long Resets) counted = default;
        string? failure = null;
        DeviceBench? bench = null;
        using ExceptionWatch watch = new();
        try
        {
            Random random = new(seed);
            bench = create(device, random, host);
            host.Run(async () => counted = await PlayAsync(bench, random, host, injected, trace));
            // A system's end leaves this thread, so what follows is no part of what replays.
            end = (host.Time.Elapsed, host.Steps, host.Fingerprint);
            host.Dispose(bench.System);
            bench.CheckEnd();
        }
        catch (Exception exception)
        {
            failure = exception is InvariantException ? exception.Message : exception.ToString();
            if (exception is NoProgressException)
                failure = $"Stuck: {failure}\n{string.Join('\n', host.LastSteps)}";
        }

        failure ??= watch.Unexpected is { } unexpected ? $"An exception that nobody expects, and somebody caught: {unexpected}" : null;
        if (end == default)
            end = (host.Time.Elapsed, host.Steps, host.Fingerprint);
        return new(seed, device, failure, end.Fingerprint, end.Steps, end.Time, counted.Violations, counted.Resets, bench?.Memory.Accesses ?? 0, injected, trace);
    }

    /// <summary>The command that runs a case again.</summary>
    public static string Command(int seed, DeviceKind device) => $"./troupe verify devices --device {NameOf(device)} --seed {seed} --cases 1";

    /// <summary>A kind by its name on the command line.</summary>
    public static string NameOf(DeviceKind device) => device switch
    {
        DeviceKind.VirtioNet => "virtio-net",
        DeviceKind.VirtioBlk => "virtio-blk",
        DeviceKind.VirtioRng => "virtio-rng",
        DeviceKind.Rtl8139 => "rtl8139",
        _ => "netfront",
    };

    internal static DeviceBench Create(DeviceKind device, Random random, DeterministicHost host) => device switch
    {
        DeviceKind.VirtioNet => new NetworkBench(random, host, bench => LyingVirtioCard.Create(bench, random)),
        DeviceKind.VirtioBlk => new BlockBench(random, host),
        DeviceKind.VirtioRng => new EntropyBench(random, host),
        DeviceKind.Rtl8139 => new NetworkBench(random, host, bench => LyingRtl8139.Create(bench, random)),
        _ => new NetworkBench(random, host, bench => LyingBackend.Create(bench, random)),
    };

    private static async Task<(long Violations, long Resets)> PlayAsync(
        DeviceBench bench, Random random, DeterministicHost host, Dictionary<Misbehaviour, int> injected, List<string> trace)
    {
        await bench.StartAsync();
        // A few at a time, so that each is felt.
        Misbehaviour[] kinds = [.. bench.Kinds];
        random.Shuffle(kinds);
        kinds = kinds[..(1 + random.Next(4))];
        for (int steps = 10 + random.Next(30); steps > 0; steps--)
        {
            switch (random.Next(10))
            {
                case < 4:
                    bench.Work();
                    break;
                case < 7:
                    bench.Serve();
                    break;
                default:
                    Misbehaviour kind = kinds[random.Next(kinds.Length)];
                    if (!bench.Misbehave(kind))
                        break;
                    injected[kind] = injected.GetValueOrDefault(kind) + 1;
                    trace.Add($"{host.Time.Elapsed.TotalSeconds,12:F6} {kind}");
                    break;
            }

            await PassAsync(random, host, bench.LongestWait);
            bench.CheckAlways();
        }

        bench.Heal();
        trace.Add($"{host.Time.Elapsed.TotalSeconds,12:F6} faults stop");
        await bench.FinishAsync(host.Time.Elapsed + _patience);
        await host.WhenIdle();
        bench.CheckAlways();
        return await bench.CountAsync();
    }

    private static async Task PassAsync(Random random, DeterministicHost host, TimeSpan longestWait)
    {
        switch (random.Next(20))
        {
            case < 6:
                // The next thing happens beside what there is to do.
                await Task.Yield();
                break;
            case < 13:
                await host.WhenIdle();
                break;
            case < 19:
                await Task.Delay(TimeSpan.FromMilliseconds(1 + random.Next(50)), host.Time);
                break;
            default:
                await Task.Delay(longestWait * (random.NextDouble() * 2), host.Time);
                break;
        }
    }
}
