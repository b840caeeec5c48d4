namespace Troupe.Actors;

/// <summary>Workers on plain background threads of the base class library, without affinity and without interrupts.</summary>
public sealed class ThreadWorkerHost : IWorkerHost
{
    /// <summary>Creates a host with one worker per processor of the machine, or as many as asked for.</summary>
    public ThreadWorkerHost(int? processorCount = null)
    {
        ProcessorCount = processorCount ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ProcessorCount, nameof(processorCount));
    }

    /// <inheritdoc/>
    public int ProcessorCount { get; }

    /// <inheritdoc/>
    public IParker CreateParker(int processor) => new MonitorParker();

    /// <inheritdoc/>
    public void StartWorker(int processor, RunningActor[] running, Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        // No name: Coyote hangs on Thread.Name, and this host should run under it.
        new Thread(() => body()) { IsBackground = true }.Start();
    }

    /// <inheritdoc/>
    public int DrainInterrupts(int processor) => 0;
}
