using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>
/// The kernel half's only way to the program's memory: the copy may fault (demand zero, or another processor has just unmapped the
/// page), so it goes through instructions with a fix-up; a page that ought to be there is brought in and the copy goes on.
/// </summary>
internal static unsafe class UserMemory
{
    /// <summary>Copies from the program; false where the memory may not be read.</summary>
    internal static bool TryRead(void* destination, ulong source, ulong bytes) => TryCopy((ulong)destination, source, bytes, source, PageAccess.Read);

    /// <summary>Copies to the program; false where the memory may not be written.</summary>
    internal static bool TryWrite(ulong destination, void* source, ulong bytes) => TryCopy(destination, (ulong)source, bytes, destination, PageAccess.Write);

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

    private static bool TryCopy(ulong destination, ulong source, ulong bytes, ulong userStart, PageAccess access)
    {
        ulong userEnd = userStart + bytes;
        if (userEnd < userStart || !KernelMemory.IsUserRange(userStart, bytes))
        {
            return bytes == 0;
        }

        while (bytes != 0)
        {
            ulong left = Instructions.CopyWithFixup(destination, source, bytes);
            if (left == 0)
            {
                return true;
            }

            ulong done = bytes - left;
            destination += done;
            source += done;
            bytes = left;
            if (!KernelMemory.ResolveFault(access == PageAccess.Write ? destination : source, access))
            {
                return false;
            }
        }

        return true;
    }
}
