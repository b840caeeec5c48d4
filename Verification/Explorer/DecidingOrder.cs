namespace Troupe.Verification.Explorer;

/// <summary>
/// Finds the two steps that a failing schedule turns on: the last pair of accesses to one location by different threads such that the same schedule with the two turned round passes.
/// </summary>
internal static class DecidingOrder
{
    private const int MaximumAttempts = 100;

    /// <summary>Tries pairs, the latest first.</summary>
    /// <param name="accesses">The steps of the failing schedule.</param>
    /// <param name="replay">Its replay string.</param>
    /// <param name="passes">Whether a schedule that begins so passes.</param>
    /// <returns>The positions of the two among the steps, or null: none was found.</returns>
    public static (int First, int Second)? Find(IReadOnlyList<Access> accesses, string replay, Func<string, bool> passes)
    {
        var colon = replay.IndexOf(':', StringComparison.Ordinal) + 1;
        var (prefix, path) = (replay[..colon], replay[colon..]);
        var attempts = 0;
        for (var later = accesses.Count - 1; later > 0; later--)
        {
            for (var earlier = later - 1; earlier >= 0; earlier--)
            {
                if (!Conflict(accesses[earlier], accesses[later])) continue;
                if (attempts++ == MaximumAttempts) return null;
                if (passes(prefix + TurnedRound(accesses, path, earlier, later))) return (earlier, later);

                // What conflicts with it further back is ordered through this one.
                break;
            }
        }

        return null;
    }

    private static bool Conflict(Access left, Access right) =>
        left.Thread != right.Thread && (left.Writes || right.Writes) && left.Addresses.Any(right.Addresses.Contains);

    /// <summary>The path up to the earlier step, then what lies between and does not come after it, then the later one; the rest is left to the search.</summary>
    private static string TurnedRound(IReadOnlyList<Access> accesses, string path, int earlier, int later)
    {
        var turned = path[..accesses[earlier].Position];
        for (var step = earlier + 1; step <= later; step++)
        {
            var access = accesses[step];
            if (access.Clock[accesses[earlier].Process] > earlier && step != later) continue;
            var end = step + 1 < accesses.Count ? accesses[step + 1].Position : path.Length;
            turned += path[access.Position..end];
        }

        return turned;
    }

    /// <summary>A step that the schedule decided.</summary>
    /// <param name="Process">The thread, or its store buffer.</param>
    /// <param name="Position">Where it stands in the replay string.</param>
    /// <param name="Addresses">What it accesses.</param>
    /// <param name="Writes">Whether it writes.</param>
    /// <param name="Clock">What happened before it.</param>
    internal readonly record struct Access(int Process, int Position, nint[] Addresses, bool Writes, Clock Clock)
    {
        public int Thread => Process % Scenario.MaximumThreads;
    }
}
