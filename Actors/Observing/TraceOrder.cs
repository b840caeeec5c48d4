namespace Troupe.Actors;

/// <summary>
/// Puts the events of all rings into one order: by time, but never what was received before what was sent, which clocks that stand still (virtual time) or
/// differ by a little would allow.
/// </summary>
internal static class TraceOrder
{
    internal static TraceKind KindOf(in TraceRecord<ActorCell> record) => (TraceKind)(byte)record.KindAndWorker;

    internal static List<TraceRecord<ActorCell>> Merge(List<TraceRecord<ActorCell>>[] rings)
    {
        var unsent = new HashSet<long>();
        foreach (List<TraceRecord<ActorCell>> ring in rings)
        {
            foreach (TraceRecord<ActorCell> record in ring)
            {
                if (Sends(in record))
                    unsent.Add(record.Message);
            }
        }

        var ordered = new List<TraceRecord<ActorCell>>(rings.Sum(static ring => ring.Count));
        int[] next = new int[rings.Length];
        while (true)
        {
            int earliest = -1;
            int earliestOfAll = -1;
            for (int ring = 0; ring < rings.Length; ring++)
            {
                if (next[ring] == rings[ring].Count)
                    continue;
                TraceRecord<ActorCell> record = rings[ring][next[ring]];
                if (earliestOfAll < 0 || record.Time < Head(earliestOfAll).Time)
                    earliestOfAll = ring;
                if (IsLedTo(in record, unsent))
                    continue;
                if (earliest < 0 || record.Time < Head(earliest).Time)
                    earliest = ring;
            }

            // Each ring is in the order of its thread and sending comes first in real time, so somebody can always go on; if not, time decides.
            earliest = earliest < 0 ? earliestOfAll : earliest;
            if (earliest < 0)
                return ordered;
            TraceRecord<ActorCell> first = Head(earliest);
            next[earliest]++;
            ordered.Add(first);
            if (Sends(in first))
                unsent.Remove(first.Message);
        }

        TraceRecord<ActorCell> Head(int ring) => rings[ring][next[ring]];
    }

    /// <summary>Whether such an event is where its message begins.</summary>
    internal static bool Sends(TraceKind kind) => kind is TraceKind.Send or TraceKind.Ask or TraceKind.Signal or TraceKind.Timer or TraceKind.Spawn or TraceKind.Reply;

    private static bool Sends(in TraceRecord<ActorCell> record) => Sends(KindOf(in record));

    private static bool IsLedTo(in TraceRecord<ActorCell> record, HashSet<long> unsent) =>
        (record.Message != 0 && !Sends(in record) && unsent.Contains(record.Message)) || (record.Cause != 0 && unsent.Contains(record.Cause));
}
