using Troupe.Drivers.Contracts;

namespace Troupe.Net.Middleware;

/// <summary>
/// What is done to frames on one edge between two layers: looked at, counted, lost, changed. Runs in the turns of one
/// <see cref="FrameRelay{TMessage}"/>, so it needs no locks; one object serves one edge.
/// </summary>
public abstract class FrameStage
{
    /// <summary>Takes frames, which it owns from now on, and puts what goes on into a queue, in order.</summary>
    public abstract void Pass(FrameBatch frames, TimeSpan now, Queue<FrameBatch> onward);

    /// <summary>The stage is no longer used: gives back what it holds.</summary>
    public virtual void End()
    {
    }
}
