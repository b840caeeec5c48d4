namespace Troupe.Actors;

/// <summary>The world the workers live in: plain threads, pinned threads of a guest, Coyote's tasks, or a simulator.</summary>
public interface IWorkerHost
{
    /// <summary>How many processors there are; one worker runs on each.</summary>
    int ProcessorCount { get; }

    /// <summary>The parker of the worker of one processor; called once each, before <see cref="StartWorker"/>.</summary>
    IParker CreateParker(int processor);

    /// <summary>Runs <paramref name="body"/> on a thread of the given processor until it returns.</summary>
    /// <param name="processor">The processor.</param>
    /// <param name="running">
    /// One element, at the same address for as long as <paramref name="body"/> runs: a host that can say what its threads were doing when
    /// everything stops remembers it for the new thread.
    /// </param>
    /// <param name="body">The worker's loop.</param>
    void StartWorker(int processor, RunningActor[] running, Action body);

    /// <summary>
    /// Runs what the processor's interrupts asked for, on the worker's thread, and returns how many there were. Called in
    /// every round of the worker and before it parks. An interrupt that comes later must unpark the worker.
    /// </summary>
    int DrainInterrupts(int processor);
}
