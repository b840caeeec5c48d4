namespace Troupe.Core.Machine;

/// <summary>What the program has to say and has not said yet: bytes in its memory on their way to the console, which a panic prints first. Nothing in that memory is believed.</summary>
/// <remarks>Two 64-bit words, how many bytes were said and how many there were, and behind them the bytes, each at its number modulo the room.</remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
public static class LastWords<TMemory>
    where TMemory : struct, IMappedMemory
{
    /// <summary>Bytes before the text.</summary>
    public const ulong HeaderSize = 2 * WordSize;

    private const ulong WordSize = 8, BitsPerByte = 8;

    /// <summary>The first byte that was not said, and how many there are; none if that cannot be.</summary>
    /// <param name="address">Where the words are, a multiple of 8.</param>
    /// <param name="room">Bytes behind them.</param>
    /// <param name="first">The first byte's number.</param>
    public static ulong Find(ulong address, ulong room, out ulong first)
    {
        first = 0;
        if (address == 0 || address % WordSize != 0 || !TMemory.IsMapped(address) || !TMemory.IsMapped(address + WordSize))
        {
            return 0;
        }

        first = TMemory.Read64(address);
        ulong count = TMemory.Read64(address + WordSize) - first;
        return count <= room ? count : 0;
    }

    /// <summary>A byte of those that <see cref="Find"/> found; a question mark if it is not in memory.</summary>
    public static byte Read(ulong address, ulong room, ulong number)
    {
        ulong at = address + HeaderSize + (number % room);
        ulong word = at - (at % WordSize);
        return TMemory.IsMapped(word) ? (byte)(TMemory.Read64(word) >> (int)(at % WordSize * BitsPerByte)) : (byte)'?';
    }
}
