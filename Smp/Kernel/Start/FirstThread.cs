using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Files;
using Troupe.Smp.Kernel.SystemCalls;

namespace Troupe.Smp.Kernel.Start;

/// <summary>
/// The first thread as the C library's _start expects it: argc, argv, envp and the auxiliary vector on the stack
/// (System V AMD64, 3.4.1; include/uapi/linux/auxvec.h).
/// </summary>
internal static unsafe class FirstThread
{
    /// <summary>Bytes of the first thread's stack: what the C library takes it to be (pthread_getattr_np asks for RLIMIT_STACK), and with it who asks for the room left.</summary>
    internal const ulong StackSize = InformationCalls.DefaultStackSize;

    private const int MaximumWords = 256;
    private const ulong LargestNursery = 32 << 20;
    private const ulong AmpleMemory = 64 << 20;
    private const ulong TextRoom = 4096;

    // Auxiliary vector entries.
    private const ulong ProgramHeaders = 3, ProgramHeaderSize = 4, ProgramHeaderCount = 5, PageSize = 6, Entry = 9;
    private const ulong UserId = 11, EffectiveUserId = 12, GroupId = 13, EffectiveGroupId = 14, HardwareCapabilities = 16, ClockTick = 17, Secure = 23, RandomBytes = 25, ProgramName = 31, MinimumSignalStack = 51;

    private static ulong _stackEnd;
    private static ulong _text;
    private static int _words;

    internal static ulong StackStart => _stackEnd - StackSize;

    internal static ulong StackEnd => _stackEnd;

    /// <summary>Makes the thread with its stack; the program's arguments are on it.</summary>
    internal static KernelThread* Create(byte* commandLine)
    {
        ulong end = KernelMemory.MapFirstStack(StackSize);
        return Threads.CreateFirst(ImageSymbols.CRuntimeStart(), Fill(end, commandLine));
    }

    /// <summary>Fills the stack; its pages are there already. Answers the stack pointer.</summary>
    /// <param name="stackEnd">End of the stack: page-aligned.</param>
    /// <param name="commandLine">Zero-terminated words for the program, or null.</param>
    private static ulong Fill(ulong stackEnd, byte* commandLine)
    {
        _stackEnd = stackEnd;
        _text = stackEnd - TextRoom;
        ulong vector = (_text - (MaximumWords * 8)) & ~15UL;
        ulong* words = (ulong*)vector;
        _words = 1;
        Push(words, Put("/app"u8));
        ulong count = 1;
        for (byte* at = commandLine; at != null && *at != 0 && _words < MaximumWords / 2;)
        {
            while (*at == ' ')
            {
                at++;
            }

            if (*at == 0)
            {
                break;
            }

            ulong start = _text;
            while (*at != 0 && *at != ' ')
            {
                PutByte(*at++);
            }

            PutByte(0);
            Push(words, start);
            count++;
        }

        words[0] = count;
        Push(words, 0);
        PushEnvironment(words);
        Push(words, 0);
        PushAuxiliary(words, words[1]);
        return vector;
    }

    // The runtime reads these: docs/boot.md says why each is set.
    private static void PushEnvironment(ulong* words)
    {
        Push(words, Put("TROUPE=1"u8));
        Push(words, Put("HOME=/"u8));
        Push(words, Put("TERM=dumb"u8));
        Push(words, Put("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1"u8));
        Push(words, Put("LANG=C"u8));

        if (ImageFiles.RootCertificates->Length != 0)
        {
            PushPath(words, "SSL_CERT_FILE="u8, ImageFiles.RootCertificates->Path);
        }

        // A thread of the pool that finds no work would spin by sched_yield, against the workers and its likes; and an experiment with
        // more threads than processors costs switches and tells nothing where the host's load decides how long anything takes.
        Push(words, Put("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0"u8));
        Push(words, Put("DOTNET_HillClimbing_Disable=1"u8));

        // The collector sizes its nursery by the processor's cache, which an emulated processor does not tell: it would collect every
        // 256 KiB, and once before the first request. A collection costs by what is alive, which with a few hundred connections is as much as they have allocated
        // in 4 MiB: so an eighth of memory, at most 32 MiB, and a sixteenth where there is little.
        ulong nursery = KernelMemory.FreeBytes / (KernelMemory.FreeBytes < AmpleMemory ? 16UL : 8UL);
        nursery = nursery < LargestNursery ? nursery : LargestNursery;
        PushNumber(words, "DOTNET_GCgen0size="u8, nursery & ~(KernelMemory.FrameSize - 1));
        if (CommandLine.HeapLimitMegabytes != 0)
        {
            PushNumber(words, "DOTNET_GCHeapHardLimit="u8, (ulong)CommandLine.HeapLimitMegabytes << 20);
        }
    }

    // Hexadecimal without a prefix is how the runtime reads numbers from the environment.
    private static void PushNumber(ulong* words, ReadOnlySpan<byte> name, ulong value)
    {
        KernelText text = default;
        text.Initialize(KernelMemory.Scratch, 64);
        text.Append(name);
        text.AppendHexadecimal(value);
        Push(words, Put(KernelMemory.Scratch, text.Length));
    }

    private static void PushPath(ulong* words, ReadOnlySpan<byte> name, byte* path)
    {
        KernelText text = default;
        text.Initialize(KernelMemory.Scratch, 128);
        text.Append(name);
        text.Append(path);
        Push(words, Put(KernelMemory.Scratch, text.Length));
    }

    private static void PushAuxiliary(ulong* words, ulong name)
    {
        ulong header = ImageSymbols.ImageHeader();
        CpuidResult features = default;
        Instructions.Cpuid(1, 0, &features);
        _text = (_text + 15) & ~15UL;
        ulong random = _text;
        KernelEntropy.Fill((byte*)random, 16);
        _text += 16;
        Pair(words, ProgramHeaders, header + *(ulong*)(header + 32));
        Pair(words, ProgramHeaderSize, *(ushort*)(header + 54));
        Pair(words, ProgramHeaderCount, *(ushort*)(header + 56));
        Pair(words, PageSize, KernelMemory.FrameSize);
        Pair(words, Entry, ImageSymbols.CRuntimeStart());
        Pair(words, UserId, 0);
        Pair(words, EffectiveUserId, 0);
        Pair(words, GroupId, 0);
        Pair(words, EffectiveGroupId, 0);
        Pair(words, HardwareCapabilities, features.Edx);
        Pair(words, ClockTick, 100);
        Pair(words, Secure, 0);
        Pair(words, RandomBytes, random);
        Pair(words, ProgramName, name);
        Pair(words, MinimumSignalStack, ThreadContext.ExtendedStateSize + 1024);
        Pair(words, 0, 0);
    }

    private static void Pair(ulong* words, ulong type, ulong value)
    {
        Push(words, type);
        Push(words, value);
    }

    private static void Push(ulong* words, ulong value)
    {
        if (_words < MaximumWords)
        {
            words[_words++] = value;
        }
    }

    private static ulong Put(ReadOnlySpan<byte> text)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(text))
        {
            return Put(first, (ulong)text.Length);
        }
    }

    private static ulong Put(byte* text, ulong length)
    {
        ulong start = _text;
        for (ulong i = 0; i < length; i++)
        {
            PutByte(text[i]);
        }

        PutByte(0);
        return start;
    }

    // What does not fit the page is cut; its last byte stays zero.
    private static void PutByte(byte value)
    {
        if (_text < _stackEnd - 128)
        {
            *(byte*)_text++ = value;
        }
    }
}
