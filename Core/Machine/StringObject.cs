namespace Troupe.Core.Machine;

/// <summary>
/// Reads a string object of the .NET runtime from outside the runtime, while it may be amid a collection: nothing is believed.
/// Layout: method table, 32-bit length, UTF-16 (dotnet/runtime, src/coreclr/nativeaot/Runtime/inc/... RawStringData; System.String's fields).
/// </summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
public static unsafe class StringObject<TMemory>
    where TMemory : struct, IMappedMemory
{
    /// <summary>What <see cref="Read"/> answers when the reference is null.</summary>
    public const int NoObject = -1;

    /// <summary>What <see cref="Read"/> answers when there is no string where the reference points.</summary>
    public const int Unreadable = -2;

    private const ulong WordSize = 8, LengthOffset = 8, TextOffset = 12;

    // The collector marks objects in the low bits of their first word.
    private const ulong CollectorBits = WordSize - 1;

    /// <summary>Copies the text as ASCII: what is not printable ASCII becomes a question mark, what does not fit is cut.</summary>
    /// <param name="reference">Address of the word that refers to the object.</param>
    /// <param name="stringType">First word of every string object.</param>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="capacity">Bytes of room.</param>
    /// <returns>Bytes written, <see cref="NoObject"/> or <see cref="Unreadable"/>.</returns>
    public static int Read(ulong reference, ulong stringType, byte* destination, int capacity)
    {
        if (!IsWord(reference))
        {
            return Unreadable;
        }

        ulong text = TMemory.Read64(reference);
        if (text == 0)
        {
            return NoObject;
        }

        if (!IsWord(text) || (TMemory.Read64(text) & ~CollectorBits) != stringType || !TMemory.IsMapped(text + LengthOffset))
        {
            return Unreadable;
        }

        uint length = TMemory.Read32(text + LengthOffset);
        int copied = 0;
        for (; copied < capacity && (uint)copied < length; copied++)
        {
            ulong at = text + TextOffset + ((ulong)copied * sizeof(char));
            if (!TMemory.IsMapped(at))
            {
                return Unreadable;
            }

            ushort unit = TMemory.Read16(at);
            destination[copied] = unit is >= ' ' and <= '~' ? (byte)unit : (byte)'?';
        }

        return copied;
    }

    private static bool IsWord(ulong address) => address % WordSize == 0 && TMemory.IsMapped(address);
}
