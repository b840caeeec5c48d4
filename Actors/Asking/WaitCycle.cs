namespace Troupe.Actors;

/// <summary>Follows who waits for whom: a suspended handler waits for the actors it has asked, and for room in a mailbox.</summary>
internal static class WaitCycle
{
    /// <summary>The paths of the cycle that begins with <paramref name="asker"/>; empty: there is none.</summary>
    internal static IReadOnlyList<string> Find(ActorCell asker, ActorCell asked)
    {
        List<ActorCell> path = [asker];
        return asker.IsHandlerSuspended && Leads(asked, asker, path, []) ? [.. path.Select(cell => cell.Path)] : [];
    }

    private static bool Leads(ActorCell from, ActorCell to, List<ActorCell> path, HashSet<ActorCell> seen)
    {
        if (ReferenceEquals(from, to))
            return true;
        if (!seen.Add(from) || !from.IsHandlerSuspended)
            return false;
        path.Add(from);
        foreach (ActorCell next in from.WaitsFor())
        {
            if (Leads(next, to, path, seen))
                return true;
        }

        path.RemoveAt(path.Count - 1);
        return false;
    }
}
