using System.Diagnostics;
using System.Globalization;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// How long messages to actors on every queue (pinned to each processor, and free) wait beside actors that spin: what `troupe bench preempt` measures,
/// hosted and in a guest. Each run is a system of its own and prints a line that the command reads.
/// </summary>
internal static class Probes
{
    /// <summary>Milliseconds between two probes: uniformly random, at least and below.</summary>
    private const int ShortestPause = 5, LongestPause = 21;

    /// <summary>How long spinners spin before the first probe.</summary>
    private static readonly TimeSpan _head = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _freshInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _freshLife = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>What spins beside the probes.</summary>
    private static readonly string[] _runs = ["idle", "spinning", "fresh", "piling", "unpreempted"];

    /// <param name="words">How many probes, the seed of their pauses and targets, and then the runs; all of them if none is named.</param>
    internal static bool Run(ReadOnlySpan<string> words)
    {
        int count = 1000, seed = 1;
        if ((words.Length > 0 && (!int.TryParse(words[0], out count) || count < 1)) || (words.Length > 1 && !int.TryParse(words[1], out seed)))
        {
            Console.WriteLine("probes [COUNT [SEED [RUN ...]]]: a count of at least 1, and a number to seed with");
            return false;
        }

        string[] runs = words.Length > 2 ? words[2..].ToArray() : _runs;
        foreach (string run in runs)
        {
            if (!_runs.Contains(run))
            {
                Console.WriteLine($"there is no run '{run}': {string.Join(", ", _runs)}");
                return false;
            }
        }

        IWorkerHost host = Machine.IsImage ? new GuestMachine().Workers : new LinuxWorkerHost();
        return runs.All(run => Measure(run, host, count, new Random(seed)));
    }

    private static bool Measure(string run, IWorkerHost host, int count, Random random)
    {
        bool preempts = run != "unpreempted";
        // What starves needs no percentiles.
        count = preempts ? count : Math.Max(1, count / 4);
        var options = new ActorSystemOptions { Host = host, ShutdownTimeout = _patience };
        var system = new ActorSystem(preempts ? options : options with { Quantum = Timeout.InfiniteTimeSpan });
        var waits = new double[count];
        Array.Fill(waits, double.PositiveInfinity);
        int?[] queues = [.. Enumerable.Range(0, system.ProcessorCount), null];
        ActorRef<Probe>[] targets = [.. queues.Select(processor => system.Spawn(new Target(waits), processor: processor))];
        foreach (ActorRef<Probe> target in targets)
        {
            target.AskAsync<int>(static reply => new Probe(-1, 0, reply), _patience).AsTask().Wait();
        }

        var spinners = new Spinners(system);
        if (run is "spinning" or "unpreempted")
        {
            if (!spinners.StartOnePerProcessor(preempts, _patience))
            {
                return false;
            }

            Thread.Sleep(_head);
        }
        else if (run is "fresh" or "piling")
        {
            spinners.StartFresh(_freshInterval, run == "fresh" ? _freshLife : null);
            Thread.Sleep(_head);
        }

        (int collections, TimeSpan paused) = (GC.CollectionCount(0), GC.GetTotalPauseDuration());
        spinners.BeginShares();
        var clock = Stopwatch.StartNew();
        Send(targets, count, random);
        double seconds = clock.Elapsed.TotalSeconds;
        (double least, double most) = spinners.EndShares();
        TimeSpan grace = preempts ? _patience : _head;
        for (clock.Restart(); waits.Any(double.IsPositiveInfinity) && clock.Elapsed < grace;)
        {
            Thread.Sleep(1);
        }

        // Before the end of the spinners answers what has waited for it.
        double[] sorted = [.. waits.Order()];
        int answered = sorted.Count(double.IsFinite);
        (long detachments, int mostDetached) = (system.DetachmentCount, spinners.MostDetached);
        spinners.Stop();
        system.DisposeAsync().AsTask().Wait();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"probes run={run} processors={queues.Length - 1} sent={count} answered={answered} p50={sorted[count / 2]} p99={sorted[count * 99 / 100]} worst={sorted[^1]} least-share={least:F3} most-share={most:F3} detachments={detachments} most-detached={mostDetached} collections={GC.CollectionCount(0) - collections} paused={(GC.GetTotalPauseDuration() - paused).TotalMilliseconds:F1} seconds={seconds:F1}"));
        return answered == count || !preempts;
    }

    /// <summary>On a thread that no spinner keeps from running, so that the times are those of the actors.</summary>
    private static void Send(ActorRef<Probe>[] targets, int count, Random random)
    {
        var sender = new Thread(() =>
        {
            LinuxThread.TrySetPriority(0, LinuxThread.HighPriority);
            for (int number = 0; number < count; number++)
            {
                Thread.Sleep(random.Next(ShortestPause, LongestPause));
                targets[random.Next(targets.Length)].Tell(new Probe(number, Stopwatch.GetTimestamp(), default));
            }
        });
        sender.Start();
        sender.Join();
    }

    private readonly record struct Probe(int Number, long Sent, Reply<int> Reply);

    /// <summary>Notes in milliseconds how long each probe waited.</summary>
    private sealed class Target(double[] waits) : Actor<Probe>
    {
        protected override ValueTask ReceiveAsync(Probe message)
        {
            if (message.Number < 0)
            {
                message.Reply.Set(0);
            }
            else
            {
                Volatile.Write(ref waits[message.Number], Stopwatch.GetElapsedTime(message.Sent).TotalMilliseconds);
            }

            return default;
        }
    }
}
