using System.Globalization;
using System.Text;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The tree of a living system, taken while it works: each actor is seen at a moment of its own, each is there once, and all that lived throughout are there.
/// What came or went meanwhile may be missing, with what is below it.
/// </summary>
public sealed class SystemSnapshot
{
    /// <summary>Children of one actor that <see cref="ToString()"/> prints.</summary>
    public const int PrintedChildren = 50;

    private readonly List<ActorSnapshot> _top = [];

    internal SystemSnapshot(ActorSystem system, IEnumerable<ActorCell> cells)
    {
        Dictionary<ActorCell, ActorState> atWork = AtWork(system.Scheduler);
        var known = new Dictionary<ActorCell, ActorSnapshot>();
        foreach (ActorCell cell in cells)
        {
            var snapshot = ActorSnapshot.Of(cell, atWork.TryGetValue(cell, out ActorState state) ? state : null);
            known.Add(cell, snapshot);
            if (cell.Parent is { } parent)
                known[parent].Add(snapshot);
            else
                _top.Add(snapshot);
        }

        ActorCount = known.Count;
        DetachedThreads = atWork.Values.Count(static state => state == ActorState.Detached);
    }

    /// <summary>The actors at the top, in the order they were spawned.</summary>
    public IReadOnlyList<ActorSnapshot> Actors => _top;

    /// <summary>How many there are in all.</summary>
    public int ActorCount { get; }

    /// <summary>Turns that go on on detached threads.</summary>
    public int DetachedThreads { get; }

    /// <summary>All of them, parents before their children.</summary>
    public IEnumerable<ActorSnapshot> All() => Walk(int.MaxValue).Where(static line => line.Actor is not null).Select(static line => line.Actor!);

    /// <summary>The tree as text: one line an actor, at most <see cref="PrintedChildren"/> children of each.</summary>
    public override string ToString() => ToString(PrintedChildren);

    /// <summary>The tree as text: one line an actor, at most so many children of each.</summary>
    public string ToString(int maximumChildren)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumChildren);
        string[] header = ["ACTOR", "BEHAVIOUR", "STATE", "MAILBOX", "HANDLED", "BYTES", "DROPPED", "RESTARTS", "TIME"];
        List<string[]> rows = [header, .. Walk(maximumChildren).Select(ToRow)];
        int[] widths = [.. header.Select((_, column) => rows.Max(row => column < row.Length ? row[column].Length : 0))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            for (int column = 0; column < row.Length; column++)
            {
                // Words to the left, numbers to the right.
                text.Append(column == 0 ? "" : "  ").Append(column < 3 ? row[column].PadRight(widths[column]) : row[column].PadLeft(widths[column]));
            }

            while (text.Length > 0 && text[^1] == ' ')
                text.Length--;
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string[] ToRow((string Branch, ActorSnapshot? Actor, int Omitted) line) =>
        line.Actor is not { } actor
            ? [string.Create(CultureInfo.InvariantCulture, $"{line.Branch}... and {line.Omitted} more")]
            :
            [
                line.Branch + actor.Name,
                actor.Behaviour,
                actor.State.ToString(),
                actor.MailboxCapacity == MailboxOptions.UnboundedCapacity
                    ? string.Create(CultureInfo.InvariantCulture, $"{actor.MailboxCount}")
                    : string.Create(CultureInfo.InvariantCulture, $"{actor.MailboxCount}/{actor.MailboxCapacity}"),
                actor.Handled.ToString(CultureInfo.InvariantCulture),
                actor.Bytes.ToString(CultureInfo.InvariantCulture),
                actor.Dropped.ToString(CultureInfo.InvariantCulture),
                actor.Restarts.ToString(CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"{actor.TurnTime.TotalSeconds:F3}s"),
            ];

    /// <summary>Depth first, on a list instead of the stack: a tree may be as deep as it likes.</summary>
    private IEnumerable<(string Branch, ActorSnapshot? Actor, int Omitted)> Walk(int maximumChildren)
    {
        var open = new Stack<(IReadOnlyList<ActorSnapshot> Siblings, int Next, string Indent)>();
        open.Push((_top, 0, ""));
        while (open.TryPop(out (IReadOnlyList<ActorSnapshot> Siblings, int Next, string Indent) level))
        {
            if (level.Next == level.Siblings.Count)
                continue;
            if (level.Next == maximumChildren)
            {
                yield return (level.Indent + "└ ", null, level.Siblings.Count - maximumChildren);
                continue;
            }

            ActorSnapshot actor = level.Siblings[level.Next];
            bool last = level.Next == level.Siblings.Count - 1;
            yield return (level.Indent + (last ? "└ " : "├ "), actor, 0);
            open.Push((level.Siblings, level.Next + 1, level.Indent));
            open.Push((actor.Children, 0, level.Indent + (last ? "  " : "│ ")));
        }
    }

    private static Dictionary<ActorCell, ActorState> AtWork(ActorScheduler scheduler)
    {
        var atWork = new Dictionary<ActorCell, ActorState>();
        foreach (WorkerThread thread in scheduler.Threads())
        {
            long turn = thread.Turn;
            ActorCell? cell = thread.Cell;
            if (cell is not null && thread.Turn == turn && ProcessorLease<ProcessorMemory>.IsInside(turn))
                atWork[cell] = thread.IsDetached ? ActorState.Detached : ActorState.Running;
        }

        return atWork;
    }
}
