using Troupe.Smp.Kernel.Start;

namespace Troupe.Smp.Kernel.Files;

/// <summary>Which paths exist, and the text behind those that are text.</summary>
internal static unsafe class FileContents
{
    /// <summary>What a path names.</summary>
    internal static PseudoFile Find(byte* path) =>
        Is(path, "/dev/urandom"u8) || Is(path, "/dev/random"u8) ? PseudoFile.Random
        : Is(path, "/dev/null"u8) ? PseudoFile.Null
        : Is(path, "/"u8) || Is(path, "."u8) || ImageFiles.FindBelow(path) != null ? PseudoFile.Directory
        : Is(path, "/proc/self/maps"u8) || Is(path, "/proc/meminfo"u8)
            || Is(path, "/sys/devices/system/cpu/online"u8) || Is(path, "/sys/devices/system/cpu/possible"u8) ? PseudoFile.Text
        : ImageFiles.Find(path) != null ? PseudoFile.Image
        : PseudoFile.None;

    /// <summary>Makes the text of <paramref name="path"/>, which <see cref="Find"/> called text.</summary>
    internal static ulong Make(byte* path, byte* destination, ulong capacity)
    {
        KernelText text = default;
        text.Initialize(destination, capacity);
        if (Is(path, "/proc/self/maps"u8))
        {
            MakeMaps(&text);
        }
        else if (Is(path, "/proc/meminfo"u8))
        {
            MakeMemoryInformation(&text);
        }
        else
        {
            text.Append("0-"u8);
            text.AppendDecimal((ulong)Core.Machine.KernelProcessors.Count - 1);
            text.Append("\n"u8);
        }

        return text.Length;
    }

    // pthread_getattr_np looks for the line that holds the first thread's stack (man 5 proc).
    private static void MakeMaps(KernelText* text)
    {
        text->AppendHexadecimal(Core.Machine.ImageSymbols.ImageHeader());
        text->Append("-"u8);
        text->AppendHexadecimal(Core.Machine.ImageSymbols.ImageEnd());
        text->Append(" r-xp 00000000 00:00 0 /app\n"u8);
        text->AppendHexadecimal(FirstThread.StackStart);
        text->Append("-"u8);
        text->AppendHexadecimal(FirstThread.StackEnd);
        text->Append(" rw-p 00000000 00:00 0 [stack]\n"u8);
    }

    private static void MakeMemoryInformation(KernelText* text)
    {
        Line(text, "MemTotal:       "u8, KernelMemory.TotalBytes);
        Line(text, "MemFree:        "u8, KernelMemory.FreeBytes);
        Line(text, "MemAvailable:   "u8, KernelMemory.FreeBytes);
        Line(text, "SwapTotal:      "u8, 0);
        Line(text, "SwapFree:       "u8, 0);
    }

    private static void Line(KernelText* text, ReadOnlySpan<byte> name, ulong bytes)
    {
        text->Append(name);
        text->AppendDecimal(bytes / 1024);
        text->Append(" kB\n"u8);
    }

    private static bool Is(byte* path, ReadOnlySpan<byte> name)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(name))
        {
            for (int i = 0; i < name.Length; i++)
            {
                if (path[i] != first[i])
                {
                    return false;
                }
            }

            return path[name.Length] == 0;
        }
    }
}
