using System.Diagnostics;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>What preemption costs a message: the same traffic with the default quantum and with none, in turn, on one worker.</summary>
internal static class QuantumCost
{
    private const int Messages = 300_000;
    private const int Nodes = 1_000;

    internal static bool Run(ReadOnlySpan<string> words)
    {
        int runs = words.Length > 0 ? int.Parse(words[0]) : 15;
        (string Name, Action<ActorSystem> Traffic)[] scenarios = [("ping-pong", PingPong), ("ring of 1,000, 1 token", Ring), ("ask and answer", Ask)];
        foreach ((string name, Action<ActorSystem> traffic) in scenarios)
        {
            List<double> with = [], without = [], ratios = [];
            // The first warms up and does not count.
            for (int run = 0; run <= runs; run++)
            {
                // Who comes first alternates.
                double first = Measure(traffic, preempts: run % 2 == 0), second = Measure(traffic, preempts: run % 2 != 0);
                (double preempted, double free) = run % 2 == 0 ? (first, second) : (second, first);
                if (run > 0)
                {
                    with.Add(preempted);
                    without.Add(free);
                    ratios.Add(preempted / free);
                }
            }

            Console.WriteLine($"{name}: {Median(with):F1} ns a message with a quantum, {Median(without):F1} ns without; ratio {Median(ratios):F3} (median of {runs} pairs, {ratios.Min():F2} to {ratios.Max():F2})");
        }

        return true;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double Measure(Action<ActorSystem> traffic, bool preempts)
    {
        IWorkerHost host = Machine.IsImage ? new GuestMachine().Workers : new LinuxWorkerHost(1);
        var options = new ActorSystemOptions { Host = host };
        var system = new ActorSystem(preempts ? options : options with { Quantum = Timeout.InfiniteTimeSpan });
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        traffic(system);
        double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Messages;
        system.DisposeAsync().AsTask().Wait();
        return time;
    }

    private static void PingPong(ActorSystem system) => Pass(system, 2);

    private static void Ring(ActorSystem system) => Pass(system, Nodes);

    private static void Pass(ActorSystem system, int nodes)
    {
        using var done = new ManualResetEventSlim();
        Node[] behaviours = [.. Enumerable.Range(0, nodes).Select(_ => new Node(done))];
        ActorRef<int>[] ring = [.. behaviours.Select(behaviour => system.Spawn(behaviour))];
        for (int node = 0; node < nodes; node++)
        {
            behaviours[node].Next = ring[(node + 1) % nodes];
        }

        ring[0].Tell(Messages);
        done.Wait();
    }

    private static void Ask(ActorSystem system)
    {
        using var done = new ManualResetEventSlim();
        system.Spawn(new Asking(system.Spawn(new Answering()), done)).Tell(Messages / 2);
        done.Wait();
    }

    private sealed class Node(ManualResetEventSlim done) : Actor<int>
    {
        internal ActorRef<int>? Next { get; set; }

        protected override ValueTask ReceiveAsync(int message)
        {
            if (message == 0)
            {
                done.Set();
            }
            else
            {
                Next!.Tell(message - 1);
            }

            return default;
        }
    }

    private sealed class Answering : Actor<Reply<int>>
    {
        protected override ValueTask ReceiveAsync(Reply<int> message)
        {
            message.Set(1);
            return default;
        }
    }

    private sealed class Asking(ActorRef<Reply<int>> answering, ManualResetEventSlim done) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int message)
        {
            for (int question = 0; question < message; question++)
            {
                await answering.AskAsync<int>(static reply => reply);
            }

            done.Set();
        }
    }
}
