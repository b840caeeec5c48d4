using System.Diagnostics;
using Troupe.Actors;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// An actor spins on every processor, its thread detached and in the low band; actors on every processor answer all the same. Without
/// preemption nobody answers, which proves the test.
/// </summary>
internal static class Preemption
{
    private const int Questions = 200;
    private const int UnansweredAfterMilliseconds = 500;

    internal static bool Run() => Answers(preempts: true) && !Answers(preempts: false);

    private static bool Answers(bool preempts)
    {
        var options = new ActorSystemOptions { Host = new GuestMachine().Workers };
        var system = new ActorSystem(preempts ? options : options with { Quantum = Timeout.InfiniteTimeSpan });
        int spinning = 0, released = 0;
        for (int processor = 0; processor < system.ProcessorCount; processor++)
        {
            system.Spawn(new Spinner(() => Interlocked.Increment(ref spinning), () => Volatile.Read(ref released) != 0), $"spinner {processor}", processor: processor).Tell(0);
        }

        var waited = Stopwatch.StartNew();
        while (Volatile.Read(ref spinning) < system.ProcessorCount || (preempts && system.DetachedThreadCount < system.ProcessorCount))
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(30))
            {
                Console.WriteLine($"{spinning} actors spin and {system.DetachedThreadCount} threads are detached; there should be {system.ProcessorCount}");
                return false;
            }

            Thread.Sleep(1);
        }

        bool answered = Ask(system, preempts ? Questions : system.ProcessorCount);
        Volatile.Write(ref released, 1);
        system.DisposeAsync().AsTask().Wait();
        return answered;
    }

    private static bool Ask(ActorSystem system, int questions)
    {
        ActorRef<Reply<int>>[] answering = [.. Enumerable.Range(0, system.ProcessorCount).Select(processor => system.Spawn(new Answering(), processor: processor))];
        var times = new double[questions];
        for (int question = 0; question < questions; question++)
        {
            long start = Stopwatch.GetTimestamp();
            Task<int> answer = answering[question % answering.Length].AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(30)).AsTask();
            if (!answer.Wait(system.DetachedThreadCount > 0 ? 30_000 : UnansweredAfterMilliseconds))
            {
                Console.WriteLine($"question {question} is not answered, with {system.DetachedThreadCount} threads detached");
                return false;
            }

            times[question] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        Console.WriteLine($"{questions} answers beside {system.DetachedThreadCount} detached spinners: half in {times[questions / 2]:F2} ms, 99 % in {times[questions * 99 / 100]:F2} ms, all in {times[^1]:F2} ms");
        return true;
    }

    private sealed class Spinner(Action started, Func<bool> released) : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message)
        {
            started();
            while (!released())
            {
                Thread.SpinWait(1);
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
}
