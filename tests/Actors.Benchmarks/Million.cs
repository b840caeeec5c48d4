using System.Diagnostics;
using System.Globalization;

namespace Troupe.Actors.Benchmarks;

/// <summary>So many actors that live at once; when all are there, each answers one message.</summary>
internal static class Million
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);

    internal static async Task<int> RunAsync(int count)
    {
        var system = new ActorSystem(new ActorSystemOptions { ShutdownTimeout = _longest });
        var latch = new Latch();
        latch.Set(1);
        long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        long start = Stopwatch.GetTimestamp();
        ActorRef<int> asking = system.Spawn(() => new Asking(count, latch), new SpawnOptions { Supervision = new SupervisionStrategy() });
        asking.Tell(0);
        await latch.Task.WaitAsync(_longest);
        TimeSpan created = Stopwatch.GetElapsedTime(start);
        int live = system.ActorCount - 1;
        long heapIdle = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        long residentIdle = Resident();

        latch.Set(1);
        start = Stopwatch.GetTimestamp();
        asking.Tell(1);
        await latch.Task.WaitAsync(_longest);
        TimeSpan answered = Stopwatch.GetElapsedTime(start);
        int liveAfter = system.ActorCount - 1;
        double snapshot = SnapshotMilliseconds(system);
        long heapAnswered = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        Report("actors", live);
        Report("actors-after", liveAfter);
        Report("create-milliseconds", created.TotalMilliseconds);
        Report("answer-milliseconds", answered.TotalMilliseconds);
        Report("snapshot-milliseconds", snapshot);
        Report("idle-bytes-per-actor", (double)heapIdle / count);
        Report("answered-bytes-per-actor", (double)heapAnswered / count);
        Report("idle-resident-megabytes", residentIdle / 1e6);
        Report("peak-resident-megabytes", Peak() / 1e6);
        await system.DisposeAsync();
        return live == count && liveAfter == count ? 0 : 1;
    }

    /// <summary>The median of five; what was in the way of the first is warm then.</summary>
    private static double SnapshotMilliseconds(ActorSystem system)
    {
        double[] times = new double[5];
        for (int run = 0; run < times.Length; run++)
        {
            long start = Stopwatch.GetTimestamp();
            SystemSnapshot snapshot = system.Snapshot();
            times[run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            GC.KeepAlive(snapshot);
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    private static void Report(string name, double value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {value:0.##}"));

    private static long Resident() => FromStatus("VmRSS:");

    private static long Peak() => FromStatus("VmHWM:");

    /// <summary>proc(5): in kilobytes.</summary>
    private static long FromStatus(string key) =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    private readonly record struct Question(int Number, ActorRef<int> Asker);

    /// <summary>Makes the actors at 0; at 1 asks them, as many at a time as its mailbox has room for, and counts the answers, which are negative.</summary>
    private sealed class Asking(int count, Latch latch) : Actor<int>
    {
        private const int Batch = MailboxOptions.DefaultCapacity / 2;

        private readonly ActorRef<Question>[] _actors = new ActorRef<Question>[count];
        private long _sum;
        private int _asked;
        private int _answers;

        protected override ValueTask ReceiveAsync(int message)
        {
            if (message == 0)
            {
                for (int actor = 0; actor < count; actor++)
                    _actors[actor] = Context.Spawn(new Answering());
                latch.Signal();
                return default;
            }

            if (message < 0)
            {
                _sum -= message;
                _answers++;
            }

            if (_answers == count && _sum == (long)count * (count + 1) / 2)
                latch.Signal();
            if (_answers < _asked)
                return default;
            for (int limit = Math.Min(count, _asked + Batch); _asked < limit; _asked++)
                _actors[_asked].Tell(new Question(_asked + 1, Context.Self));
            return default;
        }
    }

    private sealed class Answering : Actor<Question>
    {
        protected override ValueTask ReceiveAsync(Question question) => question.Asker.TellAsync(-question.Number);
    }
}
