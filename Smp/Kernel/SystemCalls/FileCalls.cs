using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Files;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>open, read, write, close and their like, on the few files there are. Files of the program are served by actors, not here.</summary>
internal static unsafe partial class FileCalls
{
    private const ulong LongestPath = 255;

    // An emulated UART takes some 6 us a byte, and interrupts are off meanwhile.
    private const ulong ConsolePiece = 48;

    private const ulong DuplicateDescriptor = 0, GetDescriptorFlags = 1, GetStatusFlags = 3, DuplicateCloseOnExec = 1030;

    internal static long Open(ulong path, ulong flags)
    {
        const ulong WriteFlags = 3;
        byte* name = KernelMemory.Scratch;
        if (!TryReadPath(path, name))
        {
            return Errno.BadAddress;
        }

        PseudoFile kind = FileContents.Find(name);
        if (kind == PseudoFile.None)
        {
            return Errno.NoEntry;
        }

        if (kind is PseudoFile.Text or PseudoFile.Image && (flags & WriteFlags) != 0)
        {
            return Errno.AccessDenied;
        }

        byte* page = null;
        ulong length = 0;
        if (kind == PseudoFile.Text)
        {
            page = (byte*)KernelMemory.AllocateFrame();
            if (page == null)
            {
                return Errno.NoMemory;
            }

            length = FileContents.Make(name, page, KernelMemory.FrameSize);
        }
        else if (kind == PseudoFile.Image)
        {
            page = (byte*)ImageFiles.Find(name);
            length = ((ImageFile*)page)->Length;
        }
        else if (kind == PseudoFile.Directory)
        {
            page = (byte*)ImageFiles.FindBelow(name);
            length = ImageFiles.LengthOf(name);
        }

        OpenFiles.Enter();
        int descriptor = OpenFiles.Allocate(kind, page, length);
        OpenFiles.Leave();
        if (descriptor < 0 && kind == PseudoFile.Text)
        {
            KernelMemory.FreeFrame((ulong)page);
        }

        return descriptor < 0 ? Errno.TooManyFiles : descriptor;
    }

    internal static long Close(ulong descriptor)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        ulong wake = file == null ? 0 : OpenFiles.Close(file);
        OpenFiles.Leave();
        if (wake != 0)
        {
            // It finds the other end closed, and passes that on.
            Threads.Wake(wake, 1, ~0U);
        }

        return file == null ? Errno.BadFile : 0;
    }

    internal static long Read(KernelThread* thread, ulong descriptor, ulong destination, ulong bytes)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        PseudoFile kind = file == null ? PseudoFile.None : file->Kind;
        switch (kind)
        {
            case PseudoFile.Text or PseudoFile.Image:
                long read = ReadText(file, destination, bytes, file->Position);
                file->Position += read > 0 ? (ulong)read : 0;
                OpenFiles.Leave();
                return read;
            case PseudoFile.PipeReader:
                return ReadPipe(thread, file, destination, bytes);
            default:
                OpenFiles.Leave();
                return kind switch
                {
                    PseudoFile.Random => InformationCalls.Random(destination, bytes),
                    PseudoFile.Console or PseudoFile.Null => 0,
                    _ => Errno.BadFile,
                };
        }
    }

    internal static long PositionedRead(ulong descriptor, ulong destination, ulong bytes, ulong position)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        PseudoFile kind = file == null ? PseudoFile.None : file->Kind;
        long result = kind is PseudoFile.Text or PseudoFile.Image ? ReadText(file, destination, bytes, position) : Errno.IllegalSeek;
        OpenFiles.Leave();
        return kind == PseudoFile.Random ? InformationCalls.Random(destination, bytes) : kind == PseudoFile.None ? Errno.BadFile : result;
    }

    internal static long Write(ulong descriptor, ulong source, ulong bytes)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        PseudoFile kind = file == null ? PseudoFile.None : file->Kind;
        if (kind == PseudoFile.PipeWriter)
        {
            return WritePipe(file, source, bytes);
        }

        OpenFiles.Leave();
        return kind switch
        {
            PseudoFile.Console => WriteConsole(source, bytes),
            PseudoFile.Null or PseudoFile.Random => (long)bytes,
            _ => Errno.BadFile,
        };
    }

    internal static long WriteVector(ulong descriptor, ulong vector, ulong count)
    {
        long total = 0;
        for (ulong i = 0; i < count && i < 1024; i++)
        {
            if (!UserMemory.TryRead64(vector + (i * 16), out ulong source) || !UserMemory.TryRead64(vector + (i * 16) + 8, out ulong bytes))
            {
                return total > 0 ? total : Errno.BadAddress;
            }

            long written = bytes == 0 ? 0 : Write(descriptor, source, bytes);
            if (written < 0)
            {
                return total > 0 ? total : written;
            }

            total += written;
            if ((ulong)written < bytes || total >= (long)ConsolePiece)
            {
                // A short write ends the call: what follows in the vector must not overtake the rest of this part.
                break;
            }
        }

        return total;
    }

    internal static long Seek(ulong descriptor, ulong offset, ulong origin)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        long result = file == null ? Errno.BadFile : file->Kind is not (PseudoFile.Text or PseudoFile.Image) ? Errno.IllegalSeek : 0;
        if (result == 0)
        {
            long target = origin switch { 0 => 0, 1 => (long)file->Position, 2 => (long)file->Length, _ => -1 };
            target = target < 0 ? -1 : target + (long)offset;
            result = target < 0 ? Errno.InvalidArgument : target;
            file->Position = target < 0 ? file->Position : (ulong)target;
        }

        OpenFiles.Leave();
        return result;
    }

    internal static long Access(ulong path)
    {
        byte* name = KernelMemory.Scratch;
        return !TryReadPath(path, name) ? Errno.BadAddress : FileContents.Find(name) == PseudoFile.None ? Errno.NoEntry : 0;
    }

    /// <summary>No descriptor is a terminal, whatever is asked.</summary>
    internal static long DeviceControl(ulong descriptor)
    {
        OpenFiles.Enter();
        bool exists = OpenFiles.Find(descriptor) != null;
        OpenFiles.Leave();
        return exists ? Errno.NotATerminal : Errno.BadFile;
    }

    internal static long Control(ulong descriptor, ulong command)
    {
        const long ReadWrite = 2;
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        long result = file == null ? Errno.BadFile : command switch
        {
            GetDescriptorFlags => 1,
            GetStatusFlags => ReadWrite,
            DuplicateDescriptor or DuplicateCloseOnExec => file->Kind == PseudoFile.Console ? OpenFiles.Allocate(PseudoFile.Console, null, 0) : Errno.InvalidArgument,
            _ => 0,
        };
        OpenFiles.Leave();
        return result;
    }

    /// <summary>flock: there is one program, so every lock is free.</summary>
    internal static long Lock(ulong descriptor)
    {
        OpenFiles.Enter();
        bool exists = OpenFiles.Find(descriptor) != null;
        OpenFiles.Leave();
        return exists ? 0 : Errno.BadFile;
    }

    /// <summary>Nothing we have ever becomes readable but pipes, which nobody polls: it is a sleep.</summary>
    internal static long Poll(ulong milliseconds)
    {
        int timeout = (int)milliseconds;
        return timeout == 0 ? 0 : Threads.Sleep(timeout < 0 ? long.MaxValue : TimeCalls.AddToNow(timeout * 1_000_000L));
    }

    internal static long Pipe(ulong destination)
    {
        var pipe = (Pipe*)KernelMemory.AllocateFrame();
        if (pipe == null)
        {
            return Errno.NoMemory;
        }

        pipe->Ends = 2;
        OpenFiles.Enter();
        int reader = OpenFiles.Allocate(PseudoFile.PipeReader, (byte*)pipe, 0);
        int writer = reader < 0 ? -1 : OpenFiles.Allocate(PseudoFile.PipeWriter, (byte*)pipe, 0);
        if (writer < 0)
        {
            // Closing its one end gives the page back.
            pipe->Ends = 1;
        }

        OpenFiles.Leave();
        if (reader < 0)
        {
            KernelMemory.FreeFrame((ulong)pipe);
            return Errno.TooManyFiles;
        }

        if (writer < 0 || !UserMemory.TryWrite32(destination, (uint)reader) || !UserMemory.TryWrite32(destination + 4, (uint)writer))
        {
            Close((ulong)reader);
            _ = writer < 0 ? 0 : Close((ulong)writer);
            return writer < 0 ? Errno.TooManyFiles : Errno.BadAddress;
        }

        return 0;
    }

    private static bool TryReadPath(ulong path, byte* name)
    {
        for (ulong i = 0; i <= LongestPath; i++)
        {
            if (!UserMemory.TryRead(name + i, path + i, 1))
            {
                return false;
            }

            if (name[i] == 0)
            {
                return true;
            }
        }

        // Longer than any of ours: what is left of it names nothing.
        name[LongestPath] = 0;
        return true;
    }

    private static long ReadText(OpenFile* file, ulong destination, ulong bytes, ulong position)
    {
        // At most a page a call, since interrupts are off meanwhile.
        ulong left = position < file->Length ? file->Length - position : 0;
        ulong count = bytes < left ? bytes : left;
        count = count < KernelMemory.FrameSize ? count : KernelMemory.FrameSize;
        byte* text = file->Kind == PseudoFile.Image ? ((ImageFile*)file->Page)->Contents : file->Page;
        return count == 0 || UserMemory.TryWrite(destination, text + position, count) ? (long)count : Errno.BadAddress;
    }

    // Enters with the table's lock and leaves without it.
    private static long ReadPipe(KernelThread* thread, OpenFile* file, ulong destination, ulong bytes)
    {
        var pipe = (Pipe*)file->Page;
        uint available = pipe->Written - pipe->Read;
        if (available == 0 && pipe->Ends == 2)
        {
            int seen = pipe->Sequence;
            OpenFiles.Leave();
            return Threads.WaitOnKernelWord(thread, (ulong)&pipe->Sequence, (uint)seen);
        }

        ulong count = bytes < available ? bytes : available;
        ulong start = pipe->Read % Files.Pipe.Capacity;
        ulong straight = Files.Pipe.Capacity - start;
        straight = count < straight ? count : straight;
        bool copied = UserMemory.TryWrite(destination, pipe->Bytes + start, straight)
            && (straight == count || UserMemory.TryWrite(destination + straight, pipe->Bytes, count - straight));
        pipe->Read += copied ? (uint)count : 0;
        bool passesOn = pipe->Read != pipe->Written || pipe->Ends != 2;
        OpenFiles.Leave();
        if (passesOn)
        {
            // Writers and closers wake one reader, so that no call wakes arbitrarily many.
            Threads.Wake((ulong)&pipe->Sequence, 1, ~0U);
        }

        return copied ? (long)count : Errno.BadAddress;
    }

    // Enters with the table's lock and leaves without it.
    private static long WritePipe(OpenFile* file, ulong source, ulong bytes)
    {
        var pipe = (Pipe*)file->Page;
        ulong room = pipe->Ends == 2 ? Files.Pipe.Capacity - (ulong)(pipe->Written - pipe->Read) : 0;
        ulong count = bytes < room ? bytes : room;
        ulong start = pipe->Written % Files.Pipe.Capacity;
        ulong straight = Files.Pipe.Capacity - start;
        straight = count < straight ? count : straight;
        bool copied = UserMemory.TryRead(pipe->Bytes + start, source, straight)
            && (straight == count || UserMemory.TryRead(pipe->Bytes, source + straight, count - straight));
        long result = pipe->Ends != 2 ? Errno.BrokenPipe : !copied ? Errno.BadAddress : count == 0 && bytes != 0 ? Errno.TryAgain : (long)count;
        pipe->Written += result > 0 ? (uint)result : 0;
        pipe->Sequence++;
        OpenFiles.Leave();
        Threads.Wake((ulong)&pipe->Sequence, 1, ~0U);
        return result;
    }

    private static long WriteConsole(ulong source, ulong bytes)
    {
        byte* piece = KernelMemory.Scratch;

        // At most a piece a call: the caller (the C library and the BCL) goes on with the rest, and interrupts come in between.
        ulong count = bytes < ConsolePiece ? bytes : ConsolePiece;
        if (!UserMemory.TryRead(piece, source, count))
        {
            return Errno.BadAddress;
        }

        // Neither for another processor's piece nor for a port that is busy does it wait with interrupts off: the call runs anew.
        if (!KernelConsole.TryEnter())
        {
            return Outcome.Again;
        }

        ulong written = KernelConsole.WriteReady(piece, count);
        KernelConsole.Leave();
        return written == 0 && count != 0 ? Outcome.Again : (long)written;
    }
}
