using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Files;

/// <summary>One descriptor.</summary>
internal unsafe struct OpenFile
{
    /// <summary>What it is; <see cref="PseudoFile.None"/>: free.</summary>
    internal PseudoFile Kind;

    /// <summary>Read position, in bytes; in a directory, how many files of the table its listing has passed.</summary>
    internal ulong Position;

    /// <summary>A page of text, the page of a <see cref="Pipe"/>, or an <see cref="ImageFile"/>: the file, and of a directory the first one below it, or null.</summary>
    internal byte* Page;

    /// <summary>Bytes of text or of a file; of a directory, characters of its path.</summary>
    internal ulong Length;
}

/// <summary>A pipe: one page. Owned by the lock of <see cref="OpenFiles"/>, but <see cref="Sequence"/>, which waiting readers compare.</summary>
internal unsafe struct Pipe
{
    internal const int Capacity = 2048;

    /// <summary>Goes up with every write and close: the word that readers wait on.</summary>
    internal int Sequence;

    /// <summary>Ends open: 2 down to 0.</summary>
    internal int Ends;

    /// <summary>Bytes ever read and written.</summary>
    internal uint Read, Written;

    internal fixed byte Bytes[Capacity];
}

/// <summary>
/// The descriptor table. One lock: these calls come at start-up and for randomness, not on hot paths. It nests outside the
/// address space's (a copy to the program may fault) and inside nothing.
/// </summary>
internal static unsafe class OpenFiles
{
    internal const int Capacity = 128;

    private static OpenFile* _files;
    private static SpinLock<ProcessorMemory, KernelProcessors> _lock;

    /// <summary>The table lives in one page.</summary>
    internal static void Initialize(ulong page)
    {
        _files = (OpenFile*)page;
        for (int i = 0; i < 3; i++)
        {
            _files[i].Kind = PseudoFile.Console;
        }
    }

    internal static void Enter() => _lock.Acquire();

    internal static void Leave() => _lock.Release();

    /// <summary>The file of a descriptor, or null. Under the lock.</summary>
    internal static OpenFile* Find(ulong descriptor) =>
        descriptor < Capacity && _files[descriptor].Kind != PseudoFile.None ? &_files[descriptor] : null;

    /// <summary>The lowest free descriptor, or -1. Under the lock.</summary>
    internal static int Allocate(PseudoFile kind, byte* page, ulong length)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_files[i].Kind == PseudoFile.None)
            {
                _files[i].Kind = kind;
                _files[i].Position = 0;
                _files[i].Page = page;
                _files[i].Length = length;
                return i;
            }
        }

        return -1;
    }

    /// <summary>Closes one; gives its page back when nobody else has it. Under the lock. Answers the address to wake, or 0.</summary>
    internal static ulong Close(OpenFile* file)
    {
        ulong wake = 0;
        if (file->Kind == PseudoFile.Text)
        {
            KernelMemory.FreeFrame((ulong)file->Page);
        }
        else if (file->Kind is PseudoFile.PipeReader or PseudoFile.PipeWriter)
        {
            var pipe = (Pipe*)file->Page;
            pipe->Sequence++;
            if (--pipe->Ends == 0)
            {
                KernelMemory.FreeFrame((ulong)file->Page);
            }
            else
            {
                wake = (ulong)&pipe->Sequence;
            }
        }

        file->Kind = PseudoFile.None;
        return wake;
    }
}
