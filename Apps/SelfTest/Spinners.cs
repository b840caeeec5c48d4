using System.Diagnostics;
using Troupe.Actors;

namespace Troupe.Apps.SelfTest;

/// <summary>Actors that do not return: they count rounds, by which one sees what share of the processors each has had.</summary>
internal sealed class Spinners(ActorSystem system)
{
    private readonly List<Spinner> _all = [];
    private readonly Lock _lock = new();
    private Thread? _starting;
    private long[] _roundsBefore = [];
    private int _released;
    private int _mostDetached;

    /// <summary>The most threads that were seen detached at a time.</summary>
    internal int MostDetached => Volatile.Read(ref _mostDetached);

    private bool IsReleased => Volatile.Read(ref _released) != 0;

    /// <summary>Returns when one spins on each processor, and is detached from it if it can be.</summary>
    internal bool StartOnePerProcessor(bool preempts, TimeSpan patience)
    {
        for (int processor = 0; processor < system.ProcessorCount; processor++)
        {
            Start(processor, life: null);
        }

        for (var clock = Stopwatch.StartNew(); _all.Exists(static spinner => spinner.Rounds == 0) || (preempts && system.DetachedThreadCount < system.ProcessorCount); Thread.Sleep(1))
        {
            if (clock.Elapsed > patience)
            {
                Console.WriteLine($"{_all.Count(static spinner => spinner.Rounds > 0)} actors spin and {system.DetachedThreadCount} threads are detached; there should be {system.ProcessorCount}");
                return false;
            }
        }

        Volatile.Write(ref _mostDetached, system.DetachedThreadCount);
        return true;
    }

    /// <summary>Starts one in each interval, on each queue in turn; it spins for its life, or until all end.</summary>
    internal void StartFresh(TimeSpan interval, TimeSpan? life)
    {
        _starting = new Thread(() =>
        {
            Smp.Host.LinuxThread.TrySetPriority(0, Smp.Host.LinuxThread.HighPriority);
            for (int number = 0; !IsReleased; number++)
            {
                int queue = number % (system.ProcessorCount + 1);
                Start(queue == system.ProcessorCount ? null : queue, life);
                Thread.Sleep(interval);
                Volatile.Write(ref _mostDetached, Math.Max(MostDetached, system.DetachedThreadCount));
            }
        });
        _starting.Start();
    }

    internal void BeginShares()
    {
        lock (_lock)
        {
            _roundsBefore = [.. _all.Select(static spinner => spinner.Rounds)];
        }
    }

    /// <summary>
    /// The least and the most that one has had, in shares of what all have had in the mean: of those that spun all the time since <see cref="BeginShares"/>,
    /// or if they come and go, of those that began and ended since. Ones if there are none.
    /// </summary>
    internal (double Least, double Most) EndShares()
    {
        double[] rounds;
        lock (_lock)
        {
            rounds = _starting is null
                ? [.. _all.Select((spinner, index) => (double)(spinner.Rounds - _roundsBefore[index]))]
                : [.. _all.Skip(_roundsBefore.Length).Where(static spinner => spinner.HasEnded).Select(static spinner => (double)spinner.Rounds)];
        }

        return rounds.Length == 0 ? (1, 1) : (rounds.Min() / rounds.Average(), rounds.Max() / rounds.Average());
    }

    internal void Stop()
    {
        Volatile.Write(ref _released, 1);
        _starting?.Join();
    }

    private void Start(int? processor, TimeSpan? life)
    {
        var spinner = new Spinner(this, life);
        lock (_lock)
        {
            _all.Add(spinner);
        }

        system.Spawn(spinner, processor: processor).Tell(0);
    }

    private sealed class Spinner(Spinners spinners, TimeSpan? life) : Actor<int>
    {
        private long _rounds;
        private int _ended;

        internal long Rounds => Volatile.Read(ref _rounds);

        internal bool HasEnded => Volatile.Read(ref _ended) != 0;

        protected override ValueTask ReceiveAsync(int message)
        {
            long start = Stopwatch.GetTimestamp();
            while (!spinners.IsReleased && (life is null || Stopwatch.GetElapsedTime(start) < life))
            {
                Volatile.Write(ref _rounds, _rounds + 1);
            }

            Volatile.Write(ref _ended, 1);
            Context.Stop();
            return default;
        }
    }
}
