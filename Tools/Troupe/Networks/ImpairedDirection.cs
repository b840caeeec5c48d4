namespace Troupe.Tools.Networks;

/// <summary>What becomes of a frame.</summary>
/// <param name="Copies">How often it is sent.</param>
/// <param name="Delay">How long after it came.</param>
/// <param name="IsIntact">Whether no bit of it was turned.</param>
public readonly record struct FrameFate(int Copies, TimeSpan Delay, bool IsIntact);

/// <summary>
/// What becomes of the frames of one direction. The n-th frame's fate follows from the seed and n alone, whatever the others were and however
/// fast they came.
/// </summary>
public sealed class ImpairedDirection(Impairment impairment, int direction)
{
    /// <summary>How long a frame is held back: tens of frames pass it on a fast link.</summary>
    private static readonly TimeSpan _heldBack = TimeSpan.FromMilliseconds(4);

    private long _frames;

    /// <summary>Frames that came.</summary>
    public long Frames => _frames;

    /// <summary>Frames that vanished.</summary>
    public long Lost { get; private set; }

    /// <summary>Frames held back.</summary>
    public long Reordered { get; private set; }

    /// <summary>Frames sent twice.</summary>
    public long Doubled { get; private set; }

    /// <summary>Frames with turned bits.</summary>
    public long Corrupted { get; private set; }

    /// <summary>Decides about the next frame, and turns bits in it if that is its fate.</summary>
    public FrameFate Decide(Span<byte> frame)
    {
        var random = new Random(SeedOfFrame(impairment.Seed, direction, _frames++));
        // In this order, always: then one kind's probability does not move another's frames.
        var (loss, reordering, duplication, corruption) = (random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble());
        if (loss < impairment.Loss)
        {
            Lost++;
            return new FrameFate(0, default, IsIntact: true);
        }

        var turned = corruption < impairment.Corruption && FrameCorruption.TurnBits(frame, random);
        if (turned)
        {
            Corrupted++;
        }

        var delay = impairment.Delay;
        if (reordering < impairment.Reordering)
        {
            Reordered++;
            delay += _heldBack;
        }

        if (duplication >= impairment.Duplication)
        {
            return new FrameFate(1, delay, !turned);
        }

        Doubled++;
        return new FrameFate(2, delay, !turned);
    }

    // SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): System.HashCode differs from run to run.
    private static int SeedOfFrame(int seed, int direction, long frame)
    {
        unchecked
        {
            var mixed = (((ulong)(uint)seed << 33) ^ ((ulong)(uint)direction << 32)) + ((ulong)frame * 0x9E3779B97F4A7C15);
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (int)(mixed ^ (mixed >> 31));
        }
    }
}
