namespace Troupe.Core.Machine.Memory;

/// <summary>Bytes from <see cref="Start"/> up to, not including, <see cref="End"/>.</summary>
public struct MemoryRange
{
    /// <summary>First byte.</summary>
    public ulong Start;

    /// <summary>First byte after.</summary>
    public ulong End;

    /// <summary>A range of two addresses.</summary>
    public MemoryRange(ulong start, ulong end)
    {
        Start = start;
        End = end;
    }

    /// <summary>Bytes; 0 for a range that is empty or inside out.</summary>
    public readonly ulong Length => End > Start ? End - Start : 0;
}
