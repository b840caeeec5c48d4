namespace Troupe.Actors;

/// <summary>All worker threads, and sums over them and those that have ended. The lock is taken where a thread begins or ends, and to look.</summary>
internal sealed partial class ActorScheduler
{
    private readonly object _counting = new();
    private readonly List<WorkerThread> _threads = [];
    private long _handledByEnded;
    private long _stolenByEnded;

    /// <summary>Messages handled and actors stolen, in turns that have ended: they never go back. Any thread.</summary>
    internal (long Handled, long Stolen) Totals()
    {
        lock (_counting)
            return (_handledByEnded + _threads.Sum(static thread => thread.Handled), _stolenByEnded + _threads.Sum(static thread => thread.Stolen));
    }

    /// <summary>The threads that hold a processor, will, or are detached. Any thread.</summary>
    internal WorkerThread[] Threads()
    {
        lock (_counting)
            return [.. _threads];
    }

    internal void CountBegun(WorkerThread thread)
    {
        lock (_counting)
            _threads.Add(thread);
    }

    internal void CountEnded(WorkerThread thread)
    {
        lock (_counting)
        {
            _handledByEnded += thread.Handled;
            _stolenByEnded += thread.Stolen;
            _threads.Remove(thread);
        }
    }
}
