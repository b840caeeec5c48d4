using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel;

/// <summary>Single bits of a shared word: full fences, as all read-modify-writes are.</summary>
internal static class AtomicBits
{
    /// <summary>Sets bits; answers what the word held before.</summary>
    internal static long Set(ref long word, long bits) => Change(ref word, bits, 0);

    /// <summary>Clears bits; answers what the word held before.</summary>
    internal static long Clear(ref long word, long bits) => Change(ref word, 0, bits);

    private static long Change(ref long word, long set, long clear)
    {
        long old = ProcessorMemory.LoadAcquire(ref word);
        while (true)
        {
            long seen = ProcessorMemory.CompareExchange(ref word, (old | set) & ~clear, old);
            if (seen == old)
            {
                return old;
            }

            old = seen;
        }
    }
}
