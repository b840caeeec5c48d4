using System.Diagnostics;

namespace Troupe.Actors;

public sealed partial class ActorSystem
{
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
