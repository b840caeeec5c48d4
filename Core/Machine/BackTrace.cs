namespace Troupe.Core.Machine;

/// <summary>
/// Return addresses, by frame pointers while they make sense, then by looking for words on the stack that point behind a call
/// in the image's code: optimised code keeps no frame pointers, so that part may name calls that have returned.
/// </summary>
public static unsafe class BackTrace
{
    /// <summary>Prints the addresses, innermost first.</summary>
    public static void Print(ulong framePointer, ulong stackPointer, int limit, int words)
    {
        int printed = 0;
        ulong frame = framePointer;
        while (printed < limit && Readable(frame) && Readable(frame + 8))
        {
            ulong address = *(ulong*)(frame + 8);
            ulong next = *(ulong*)frame;
            if (!IsCode(address))
            {
                break;
            }

            Line(address, "  at "u8);
            printed++;
            if (next <= frame || next - frame > 0x10_0000)
            {
                break;
            }

            frame = next;
        }

        if (printed >= 4)
        {
            return;
        }

        for (int i = 0; i < words && printed < limit; i++)
        {
            ulong location = (stackPointer & ~7UL) + ((ulong)i * 8);
            if (!Readable(location))
            {
                break;
            }

            ulong word = *(ulong*)location;
            if (IsCode(word) && FollowsCall(word))
            {
                Line(word, "  at (perhaps) "u8);
                printed++;
            }
        }
    }

    private static void Line(ulong address, ReadOnlySpan<byte> prefix)
    {
        KernelConsole.Write(prefix);
        KernelConsole.WriteHexadecimal(address);
        KernelConsole.Write("\n"u8);
    }

    /// <summary>Whether the address lies in an executable segment of the image.</summary>
    public static bool IsCode(ulong address)
    {
        ulong header = ImageSymbols.ImageHeader();
        ulong entry = header + *(ulong*)(header + 32);
        int count = *(ushort*)(header + 56);
        for (int i = 0; i < count; i++, entry += 56)
        {
            if (*(uint*)entry == 1 && (*(uint*)(entry + 4) & 1) != 0)
            {
                ulong start = *(ulong*)(entry + 16);
                if (address >= start && address < start + *(ulong*)(entry + 40))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // call rel32 is five bytes; call through a register or memory two to seven: FF /2.
    private static bool FollowsCall(ulong address)
    {
        byte* code = (byte*)address;
        return code[-5] == 0xE8
            || (code[-2] == 0xFF && (code[-1] & 0x38) == 0x10)
            || (code[-3] == 0xFF && (code[-2] & 0x38) == 0x10)
            || (code[-6] == 0xFF && (code[-5] & 0x38) == 0x10)
            || (code[-7] == 0xFF && (code[-6] & 0x38) == 0x10);
    }

    private static bool Readable(ulong address) =>
        address >= 0x1_0000 && (address & 7) == 0 && KernelMappedMemory.IsMapped(address);
}
