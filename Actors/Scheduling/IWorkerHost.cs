namespace Troupe.Actors;

/// <summary>The world the workers live in: plain threads, pinned threads of a guest, Coyote's tasks, or a simulator.</summary>
public interface IWorkerHost
{
    /// <summary>How many processors there are; one worker runs on each.</summary>
    int ProcessorCount { get; }

    /// <summary>By which <see cref="Demote"/> and <see cref="ProcessorTime"/> know the calling thread; never 0 where they do.</summary>
    long CurrentThreadId => 0;

    /// <summary>Whether it shows what its threads are doing when everything stops: only then <see cref="StartWorker"/>'s array is kept up to date.</summary>
    bool ShowsRunningActors => false;

    /// <summary>The parker of the worker of one processor; called once each, before <see cref="StartWorker"/>.</summary>
    IParker CreateParker(int processor);

    /// <summary>
    /// Runs <paramref name="body"/> on a new thread of the given processor until it returns. Called again for the same processor while
    /// an earlier thread finishes a turn that took too long.
    /// </summary>
    /// <param name="processor">The processor.</param>
    /// <param name="running">
    /// One element, at the same address for as long as <paramref name="body"/> runs: a host that can say what its threads were doing when
    /// everything stops remembers it for the new thread.
    /// </param>
    /// <param name="body">The worker's loop.</param>
    void StartWorker(int processor, RunningActor[] running, Action body);

    /// <summary>Where <see cref="StartMonitor"/>'s thread sleeps; called once, and not at all where nobody looks.</summary>
    IParker CreateMonitorParker() => new MonitorParker();

    /// <summary>Runs what looks at the workers' turns every few milliseconds, on a thread that no worker can keep from running.</summary>
    void StartMonitor(Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        new Thread(() => body()) { IsBackground = true }.Start();
    }

    /// <summary>
    /// Puts the thread of a worker, which is in a turn that takes too long and will end after it, into the low band: a smaller share of the
    /// processor, never none; and it need not stay on its processor. A host without bands does nothing, and then the thread has the share of any other.
    /// </summary>
    void Demote(long threadId)
    {
    }

    /// <summary>
    /// The processor time that a worker's thread has had; null where the host cannot tell, and then a turn is accounted the time on the clock. Only
    /// for a thread that has not ended.
    /// </summary>
    TimeSpan? ProcessorTime(long threadId) => null;

    /// <summary>
    /// Runs what the processor's interrupts asked for, on the worker's thread, and returns how many there were. Called in
    /// every round of the worker and before it parks. An interrupt that comes later must unpark the worker.
    /// </summary>
    int DrainInterrupts(int processor);
}
