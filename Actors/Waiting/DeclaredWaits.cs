namespace Troupe.Actors;

/// <summary>In whose mailboxes an actor said, when it was spawned, that it may wait for room.</summary>
internal sealed class DeclaredWaits(IReadOnlyList<ActorRef> actors, IReadOnlyList<string> paths)
{
    /// <summary>What was found among the paths; touched in the actor's turns only.</summary>
    private readonly HashSet<ActorCell> _known = [];

    /// <summary>These, and some more.</summary>
    internal DeclaredWaits With(ReadOnlySpan<ActorRef> more) => new([.. actors, .. more], paths);

    internal bool Contains(ActorCell receiver)
    {
        // By index: an enumerator of the interface would be allocated with each message.
        for (int index = 0; index < actors.Count; index++)
        {
            if (ReferenceEquals(actors[index].Cell, receiver))
                return true;
        }

        if (_known.Contains(receiver))
            return true;
        string receiverPath = receiver.Path;
        return paths.Any(path => receiverPath.AsSpan(1).SequenceEqual(path.AsSpan().TrimStart('/'))) && _known.Add(receiver);
    }

    /// <summary>
    /// The cells from <paramref name="to"/> on to the one that waits for it, if they wait for each other in a circle; else null. Edges are declared before this looks, so of
    /// two spawns that close a circle together at least one sees it.
    /// </summary>
    internal static List<ActorCell>? FindCycle(ActorCell to)
    {
        List<ActorCell> way = [];
        return Leads(to, to, way, []) ? way : null;
    }

    /// <inheritdoc/>
    public override string ToString() => actors.Count + paths.Count == 0 ? "nobody" : string.Join(", ", actors.Select(actor => actor.Path).Concat(paths));

    private static bool Leads(ActorCell from, ActorCell to, List<ActorCell> way, HashSet<ActorCell> seen)
    {
        if (!seen.Add(from) || from.DeclaredWaits is not { } waits)
            return false;
        way.Add(from);
        foreach (ActorCell target in waits.Targets(from.System))
        {
            if (ReferenceEquals(target, to) || Leads(target, to, way, seen))
                return true;
        }

        way.RemoveAt(way.Count - 1);
        return false;
    }

    /// <summary>Those that live. A path may be that of an actor to come.</summary>
    private IEnumerable<ActorCell> Targets(ActorSystem system) =>
        actors.Select(actor => actor.Cell).Concat(paths.Select(path => system.Find(path)?.Cell).OfType<ActorCell>());
}
