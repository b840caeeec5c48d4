using System.Diagnostics;

namespace Troupe.Actors;

public sealed partial class ActorSystem
{
    /// <summary>
    /// Says of an actor that was spawned with <see cref="SpawnOptions.WaitsFor"/> that from now on it may wait for these too, which came to live after it. Without
    /// effect on one that has said nothing, and in release builds. For one actor, from one thread at a time.
    /// </summary>
    /// <exception cref="WaitingCycleException">In debug builds: they would wait in a circle. The actor still waits for whom it waited before.</exception>
    public void AddWaits(ActorRef waiting, params ReadOnlySpan<ActorRef> waitedFor)
    {
        ArgumentNullException.ThrowIfNull(waiting);
#if DEBUG
        ActorCell cell = waiting.Cell;
        if (cell.DeclaredWaits is not { } before)
            return;
        cell.Declare(before.With(waitedFor));
        if (DeclaredWaits.FindCycle(cell) is not { } cycle)
            return;
        cell.Declare(before);
        throw new WaitingCycleException([.. cycle.Select(one => one.Path)]);
#endif
    }

    /// <summary>
    /// Before the actor's first turn, and after it has its name, which others may have used before it was. One whose waits close a cycle gives the
    /// name back. Debug builds only.
    /// </summary>
    [Conditional("DEBUG")]
    private void DeclareWaits(ActorCell cell, SpawnOptions options)
    {
#if DEBUG
        if (options.WaitsFor is null && options.WaitsForNamed is null)
            return;
        cell.Declare(new DeclaredWaits(options.WaitsFor ?? [], options.WaitsForNamed ?? []));
        if (DeclaredWaits.FindCycle(cell) is not { } cycle)
            return;
        if (cell.Name is not null)
            _names.TryRemove(new KeyValuePair<string, ActorRef>(cell.Path, cell.Reference));
        throw new WaitingCycleException([.. cycle.Select(waiting => waiting.Path)]);
#endif
    }
}
