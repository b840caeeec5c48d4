namespace Troupe.Tools.Networks;

/// <summary>What a bad link does to frames, each kind with its probability a frame.</summary>
public sealed record Impairment
{
    /// <summary>The part of frames that vanish.</summary>
    public double Loss { get; init; }

    /// <summary>The part of frames that are held back so that later ones overtake them.</summary>
    public double Reordering { get; init; }

    /// <summary>The part of frames that arrive twice.</summary>
    public double Duplication { get; init; }

    /// <summary>The part of frames in which one to three bits are turned.</summary>
    public double Corruption { get; init; }

    /// <summary>How long every frame is under way, in each direction.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What decides which frames.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether frames may pass as they came.</summary>
    public bool IsNone => Loss == 0 && Reordering == 0 && Duplication == 0 && Corruption == 0 && Delay == TimeSpan.Zero;

    /// <summary>As one reads it in a table.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        void Add(double part, string what)
        {
            if (part > 0)
            {
                parts.Add(FormattableString.Invariant($"{part * 100:0.#} % {what}"));
            }
        }

        Add(Loss, "lost");
        Add(Reordering, "reordered");
        Add(Duplication, "doubled");
        Add(Corruption, "corrupted");
        if (Delay > TimeSpan.Zero)
        {
            parts.Add(FormattableString.Invariant($"{Delay.TotalMilliseconds:0} ms delay"));
        }

        return parts.Count == 0 ? "clean" : string.Join(", ", parts);
    }
}
