namespace Troupe.Smp.Kernel;

/// <summary>The kernel half's only way to the program's memory: copies that may fault (Core/Machine/Memory/UserCopy.cs).</summary>
internal static unsafe class UserMemory
{
    /// <summary>Copies from the program; false where the memory may not be read.</summary>
    internal static bool TryRead(void* destination, ulong source, ulong bytes) =>
        FaultingCopy.TryRead(KernelMemory.Space, destination, source, bytes);

    /// <summary>Copies to the program; false where the memory may not be written.</summary>
    internal static bool TryWrite(ulong destination, void* source, ulong bytes) =>
        FaultingCopy.TryWrite(KernelMemory.Space, destination, source, bytes);

    /// <summary>Reads one word.</summary>
    internal static bool TryRead64(ulong source, out ulong value)
    {
        ulong local = 0;
        bool read = TryRead(&local, source, 8);
        value = local;
        return read;
    }

    /// <summary>Writes one word.</summary>
    internal static bool TryWrite64(ulong destination, ulong value) => TryWrite(destination, &value, 8);

    /// <summary>Writes half a word.</summary>
    internal static bool TryWrite32(ulong destination, uint value) => TryWrite(destination, &value, 4);

    /// <summary>Zeroes memory of the program.</summary>
    internal static bool TryZero(ulong destination, ulong bytes)
    {
        ulong zero = 0;
        while (bytes >= 8)
        {
            if (!TryWrite(destination, &zero, 8))
            {
                return false;
            }

            destination += 8;
            bytes -= 8;
        }

        return bytes == 0 || TryWrite(destination, &zero, bytes);
    }
}
