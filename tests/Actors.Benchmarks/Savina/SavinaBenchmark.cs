using System.Diagnostics;
using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>
/// One of the Savina benchmarks (S. Imam and V. Sarkar, "Savina - An Actor Benchmark Suite", AGERE! 2014), on our actors and on Akka.NET's: the same
/// actors and the same messages, each written as one would there. What a run returns is checked, so a wrong run is no measurement.
/// </summary>
internal abstract class SavinaBenchmark
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    /// <summary>All of the micro and concurrency benchmarks, in the order of the paper.</summary>
    internal static IReadOnlyList<SavinaBenchmark> All { get; } =
    [
        new PingPong(), new Counting(), new ForkJoinThroughput(), new ForkJoinCreate(), new ThreadRing(), new Chameneos(), new Big(),
        new ConcurrentDictionary(), new ConcurrentSortedLinkedList(), new BoundedBuffer(), new DiningPhilosophers(), new SleepingBarber(),
        new CigaretteSmokers(), new LogisticMap(), new BankTransaction(),
    ];

    /// <summary>As rows are called: savina-ping-pong.</summary>
    internal abstract string Name { get; }

    /// <summary>How much work a run is, unless told otherwise; what it counts is each benchmark's own.</summary>
    internal abstract int Size { get; }

    /// <summary>What the run must return.</summary>
    internal abstract long Expected(int size);

    /// <summary>Spawns the actors and lets them begin; the last one sets the result.</summary>
    protected abstract void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result);

    /// <inheritdoc cref="OnTroupe"/>
    protected abstract void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result);

    /// <summary>From before the first actor is spawned until the result is there; taking the actors down is not counted.</summary>
    internal async Task<TimeSpan> RunAsync(ActorSystem system, int size)
    {
        var result = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        long start = Stopwatch.GetTimestamp();
        ActorRef<int> stage = system.Spawn(new TroupeStage(context => OnTroupe(context, size, result)));
        TimeSpan elapsed = await CheckAsync(result, start, size);
        await stage.StopAsync(drain: false);
        return elapsed;
    }

    /// <inheritdoc cref="RunAsync(ActorSystem, int)"/>
    internal async Task<TimeSpan> RunAsync(Akka.Actor.ActorSystem system, int size)
    {
        var result = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        long start = Stopwatch.GetTimestamp();
        IActorRef stage = system.ActorOf(Props.Create(() => new AkkaStage(context => OnAkka(context, size, result))));
        TimeSpan elapsed = await CheckAsync(result, start, size);
        await stage.GracefulStop(_longest);
        return elapsed;
    }

    private async Task<TimeSpan> CheckAsync(TaskCompletionSource<long> result, long start, int size)
    {
        long got = await result.Task.WaitAsync(_longest);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        long expected = Expected(size);
        return got == expected ? elapsed : throw new InvalidOperationException($"{Name} of size {size} came to {got}; right is {expected}.");
    }

    private sealed class TroupeStage(Action<ActorContext<int>> set) : Actor<int>
    {
        protected override void Started() => set(Context);

        protected override ValueTask ReceiveAsync(int message) => default;
    }

    private sealed class AkkaStage(Action<IUntypedActorContext> set) : UntypedActor
    {
        protected override void PreStart() => set(Context);

        protected override void OnReceive(object message)
        {
        }
    }
}
