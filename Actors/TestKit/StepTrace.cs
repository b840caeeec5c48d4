namespace Troupe.Actors.TestKit;

/// <summary>What ran, in order: the last steps in words, and all of them in one number.</summary>
internal sealed class StepTrace
{
    private const int Kept = 32;

    // FNV-1a (Fowler, Noll, Vo), 64 bits.
    private const ulong Offset = 0xCBF2_9CE4_8422_2325;
    private const ulong Prime = 0x0000_0100_0000_01B3;

    private readonly (long Ticks, object What)[] _last = new (long, object)[Kept];

    internal long Count { get; private set; }

    internal ulong Fingerprint { get; private set; } = Offset;

    /// <param name="ticks">The time.</param>
    /// <param name="choice">Which of those that could go.</param>
    /// <param name="choices">How many could.</param>
    /// <param name="what">The actor's reference, or a word.</param>
    internal void Add(long ticks, int choice, int choices, object what)
    {
        _last[Count++ % Kept] = (ticks, what);
        Mix((ulong)ticks);
        Mix(((ulong)choices << 32) | (uint)choice);
    }

    internal IReadOnlyList<string> Last()
    {
        List<string> lines = [];
        for (long step = Math.Max(0, Count - Kept); step < Count; step++)
        {
            (long ticks, object what) = _last[step % Kept];
            lines.Add($"{step,6}  {new TimeSpan(ticks):g}  {(what is ActorRef actor ? actor.Path : what)}");
        }

        return lines;
    }

    private void Mix(ulong value) => Fingerprint = (Fingerprint ^ value) * Prime;
}
