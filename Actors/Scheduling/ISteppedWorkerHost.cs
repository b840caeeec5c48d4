namespace Troupe.Actors;

/// <summary>
/// A host without threads: it is handed every actor that becomes ready, and lets them have their turns one after another, in the order it
/// chooses. No quantum is watched there, since a turn that does not end cannot be overtaken.
/// </summary>
public interface ISteppedWorkerHost : IWorkerHost
{
    /// <summary>A system begins to live on this host. More than one may.</summary>
    void Attach(ActorSystem system);

    /// <summary>An actor has something to do; it is not handed over again before <see cref="ReadyTurn.Run(int)"/> was called. Any thread.</summary>
    void Enqueue(ReadyTurn turn);

    /// <inheritdoc/>
    IParker IWorkerHost.CreateParker(int processor) => new MonitorParker();

    /// <inheritdoc/>
    void IWorkerHost.StartWorker(int processor, RunningActor[] running, Action body) =>
        throw new NotSupportedException("A stepped host has no threads.");

    /// <inheritdoc/>
    int IWorkerHost.DrainInterrupts(int processor) => 0;
}
