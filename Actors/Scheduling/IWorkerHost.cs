namespace Troupe.Actors;

/// <summary>The world the workers live in: plain threads, pinned threads of a guest, Coyote's tasks, or a simulator.</summary>
public interface IWorkerHost
{
    /// <summary>How many processors there are; one worker runs on each.</summary>
    int ProcessorCount { get; }

    /// <summary>The parker of the worker of one processor; called once each, before <see cref="StartWorker"/>.</summary>
    IParker CreateParker(int processor);

    /// <summary>Runs <paramref name="body"/> on a thread of the given processor until it returns.</summary>
    void StartWorker(int processor, Action body);

    /// <summary>
    /// Runs what the processor's interrupts asked for, on the worker's thread, and returns how many there were. Called in
    /// every round of the worker and before it parks. An interrupt that comes later must unpark the worker.
    /// </summary>
    int DrainInterrupts(int processor);
}
