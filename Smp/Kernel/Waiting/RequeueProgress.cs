namespace Troupe.Smp.Kernel.Waiting;

/// <summary>How far a requeue has come. It fits into the word that a thread has for calls in pieces, because there are fewer threads than 2^15.</summary>
public struct RequeueProgress
{
    private const int FieldBits = 16;
    private const ulong Field = (1UL << FieldBits) - 1;
    private const ulong Begun = 1UL << 63;

    /// <summary>How many were woken, and how many wait elsewhere now.</summary>
    public int Woken, Moved;

    /// <summary>How many more it may concern: threads that come back to wait meanwhile are not part of the call.</summary>
    public int Left;

    /// <summary>Whether the word was compared.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>What Linux returns: woken and moved.</summary>
    public readonly int Affected => Woken + Moved;

    /// <summary>Reads the word; 0 is before the beginning.</summary>
    public static RequeueProgress Unpack(ulong word)
    {
        RequeueProgress progress = default;
        progress.Woken = (int)(word & Field);
        progress.Moved = (int)((word >> FieldBits) & Field);
        progress.Left = (int)((word >> (2 * FieldBits)) & Field);
        progress.HasBegun = (word & Begun) != 0;
        return progress;
    }

    /// <summary>As one word, not 0 once begun.</summary>
    public readonly ulong Pack() =>
        (HasBegun ? Begun : 0) | (uint)Woken | ((ulong)(uint)Moved << FieldBits) | ((ulong)(uint)Left << (2 * FieldBits));

    /// <summary>The call goes ahead; so many threads wait.</summary>
    public void Begin(int waiting)
    {
        HasBegun = true;
        Left = waiting;
    }
}
