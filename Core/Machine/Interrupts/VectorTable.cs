using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// Which of the vectors 0x30 to 0xEF are in use: one space for all processors, as they share the descriptor table.
/// Below are the exceptions and the legacy controllers' vectors, above are the kernel's own (timer, inter-processor, spurious).
/// Lock-free: a bit is claimed by compare-and-exchange.
/// </summary>
public static class VectorTable<TMemory>
    where TMemory : struct, IMemory
{
    /// <summary>First vector that is handed out.</summary>
    public const int First = 0x30;

    /// <summary>Last vector that is handed out.</summary>
    public const int Last = 0xEF;

    private const int BitsPerWord = 64;
    private const int Words = (Last - First + 1) / BitsPerWord;

    private static long _used0;
    private static long _used1;
    private static long _used2;

    /// <summary>Claims a vector.</summary>
    /// <returns>The vector, or -1 when all are in use.</returns>
    public static int Allocate()
    {
        for (int word = 0; word < Words; word++)
        {
            ref long used = ref Word(word);
            for (long seen = TMemory.LoadAcquire(ref used); seen != -1;)
            {
                long free = ~seen & (seen + 1); // the lowest zero bit
                long found = TMemory.CompareExchange(ref used, seen | free, seen);
                if (found == seen)
                    return First + (word * BitsPerWord) + BitIndex(free);
                seen = found;
            }
        }

        return -1;
    }

    /// <summary>Claims a certain vector.</summary>
    /// <returns>Whether it was free, and is one of those handed out.</returns>
    public static bool TryReserve(int vector)
    {
        if (vector is < First or > Last)
            return false;
        long bit = 1L << ((vector - First) % BitsPerWord);
        ref long used = ref Word((vector - First) / BitsPerWord);
        long seen = TMemory.LoadAcquire(ref used);
        while ((seen & bit) == 0)
        {
            long found = TMemory.CompareExchange(ref used, seen | bit, seen);
            if (found == seen)
                return true;
            seen = found;
        }

        return false;
    }

    /// <summary>Gives a vector back. Its source must be masked, and no processor may still have it pending.</summary>
    /// <returns>Whether it was in use.</returns>
    public static bool Free(int vector)
    {
        if (vector is < First or > Last)
            return false;
        long bit = 1L << ((vector - First) % BitsPerWord);
        ref long used = ref Word((vector - First) / BitsPerWord);
        long seen = TMemory.LoadAcquire(ref used);
        while ((seen & bit) != 0)
        {
            long found = TMemory.CompareExchange(ref used, seen & ~bit, seen);
            if (found == seen)
                return true;
            seen = found;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref long Word(int index)
    {
        if (index == 0)
            return ref _used0;
        if (index == 1)
            return ref _used1;
        return ref _used2;
    }

    private static int BitIndex(long bit)
    {
        int index = 0;
        while ((bit & 1) == 0)
        {
            bit = (long)((ulong)bit >> 1);
            index++;
        }

        return index;
    }
}
