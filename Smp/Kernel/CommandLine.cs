using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Start;

namespace Troupe.Smp.Kernel;

/// <summary>
/// The kernel command line: words that begin with <c>kernel.</c> or <c>virtio_mmio.</c> are the kernel's, the rest become the program's arguments.
/// A kernel word that is not understood is said and left out; nothing here stops a boot.
/// </summary>
internal static unsafe class CommandLine
{
    private static bool _quiet;
    private static long _heapLimitMegabytes;
    private static long _pollMicrosecondsAndOne;

    /// <summary><c>kernel.quiet</c>: no banner.</summary>
    internal static bool Quiet => _quiet;

    /// <summary><c>kernel.heap=N</c>: the garbage collector's hard limit in MiB; 0: not given.</summary>
    internal static long HeapLimitMegabytes => _heapLimitMegabytes;

    /// <summary><c>kernel.poll=N</c>: the most microseconds that an idle processor polls before it halts; -1: not given.</summary>
    internal static long PollMicroseconds => _pollMicrosecondsAndOne - 1;

    /// <summary>Copies the line from the loader's memory and takes the kernel's words out.</summary>
    internal static void Take(ulong address)
    {
        byte* line = KernelScratch.CommandLine;
        line[0] = 0;
        if (address == 0)
        {
            return;
        }

        byte* source = (byte*)address;
        int length = 0;
        while (length < KernelScratch.CommandLineCapacity - 1 && source[length] != 0)
        {
            // Anything but printable text separates words.
            byte value = source[length];
            line[length++] = value is > 32 and < 127 ? value : (byte)' ';
        }

        line[length] = 0;
        if (source[length] != 0)
        {
            KernelConsole.Write("[kernel] the command line is cut after 2047 bytes\n"u8);
        }

        for (byte* at = line; *at != 0;)
        {
            byte* end = at;
            while (*end != 0 && *end != ' ')
            {
                end++;
            }

            if (Begins(at, end, "kernel."u8) || Begins(at, end, "virtio_mmio."u8))
            {
                Take(at, end);
                while (at < end)
                {
                    *at++ = (byte)' ';
                }
            }

            at = *end == 0 ? end : end + 1;
        }
    }

    private static void Take(byte* at, byte* end)
    {
        if (Begins(at, end, "virtio_mmio."u8))
        {
            return;
        }

        if (Is(at, end, "kernel.quiet"u8))
        {
            _quiet = true;
        }
        else if (Begins(at, end, "kernel.heap="u8) && TryReadDecimal(at + 12, end, out long megabytes) && megabytes is >= 4 and <= 1 << 20)
        {
            _heapLimitMegabytes = megabytes;
        }
        else if (Begins(at, end, "kernel.poll="u8) && TryReadDecimal(at + 12, end, out long microseconds) && microseconds <= 10_000)
        {
            _pollMicrosecondsAndOne = microseconds + 1;
        }
        else
        {
            KernelConsole.Write("[kernel] not understood on the command line: "u8);
            KernelConsole.Write(at, (ulong)(end - at));
            KernelConsole.Write(" (known: kernel.quiet, kernel.heap=MEGABYTES, kernel.poll=MICROSECONDS)\n"u8);
        }
    }

    private static bool TryReadDecimal(byte* at, byte* end, out long value)
    {
        value = 0;
        if (at == end || end - at > 9)
        {
            return false;
        }

        for (; at < end; at++)
        {
            if (*at is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + (*at - '0');
        }

        return true;
    }

    private static bool Is(byte* at, byte* end, ReadOnlySpan<byte> word) => end - at == word.Length && Begins(at, end, word);

    private static bool Begins(byte* at, byte* end, ReadOnlySpan<byte> prefix)
    {
        if (end - at < prefix.Length)
        {
            return false;
        }

        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(prefix))
        {
            for (int i = 0; i < prefix.Length; i++)
            {
                if (at[i] != first[i])
                {
                    return false;
                }
            }
        }

        return true;
    }
}
