using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>
/// A disk of Linux beside its page cache (man 2 open, O_DIRECT), with memory of its own for each request that may be under way: one at a time by pread and pwrite, several by the
/// kernel's asynchronous calls (man 2 io_submit). For <c>troupe bench io</c>, where it is what ours is measured against; our own kernel has nothing like it. Not thread-safe.
/// </summary>
public sealed unsafe partial class LinuxDisk : IDisposable
{
    // asm-generic/fcntl.h.
    private const int ReadWrite = 2, Direct = 0x4000, CloseOnExecute = 0x80000;

    // unistd.h, SEEK_END.
    private const int FromEnd = 2;

    // asm/unistd_64.h.
    private const long SetUpCall = 206, DestroyCall = 207, GetEventsCall = 208, SubmitCall = 209;

    // linux/aio_abi.h: IOCB_CMD_*.
    private const ushort ReadCommand = 0, WriteCommand = 1;

    // linux/aio_abi.h: struct io_event, in words of 64 bits.
    private const int EventWords = 4, EventData = 0, EventResult = 2;

    // What O_DIRECT asks of memory at most: a page.
    private const int Alignment = 4096;

    // errno.h: a signal came.
    private const int Interrupted = 4;

    private readonly int _file;
    private readonly int _depth;
    private readonly int _length;
    private readonly byte* _memory;
    private readonly ControlBlock* _blocks;
    private readonly ControlBlock** _added;
    private readonly long* _events;
    private long _context;
    private int _count;

    private LinuxDisk(int file, int depth, int length)
    {
        (_file, _depth, _length) = (file, depth, length);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)depth * (nuint)length, Alignment);
        NativeMemory.Fill(_memory, (nuint)depth * (nuint)length, 1);
        _blocks = (ControlBlock*)NativeMemory.AllocZeroed((nuint)depth, (nuint)sizeof(ControlBlock));
        _added = (ControlBlock**)NativeMemory.AllocZeroed((nuint)depth, (nuint)sizeof(ControlBlock*));
        _events = (long*)NativeMemory.AllocZeroed((nuint)depth, EventWords * sizeof(long));
    }

    /// <summary>Bytes of the disk.</summary>
    public long Length => Require(Seek(_file, 0, FromEnd), "sought");

    /// <summary>Opens one for requests of <paramref name="length"/> bytes, a whole number of pages, <paramref name="depth"/> of them at a time.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static LinuxDisk Open(string path, int depth, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % Alignment, 0, nameof(length));
        var disk = new LinuxDisk((int)Require(OpenCall(path, ReadWrite | Direct | CloseOnExecute), $"opened: {path}"), depth, length);
        try
        {
            fixed (long* context = &disk._context)
            {
                Require(SystemCall(SetUpCall, depth, context), "set up for several requests");
            }

            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Reads at a place, a multiple of the length, and waits for it.</summary>
    public void Read(long position) => RequireWhole(ReadCall(_file, _memory, (nuint)_length, position));

    /// <summary>Writes at a place, a multiple of the length, and waits for it.</summary>
    public void Write(long position) => RequireWhole(WriteCall(_file, _memory, (nuint)_length, position));

    /// <summary>Makes durable what was written.</summary>
    public void Flush() => Require(FlushCall(_file), "flushed");

    /// <summary>Adds a request with the memory of one of the depth's slots, which has none under way; it begins with <see cref="Submit"/>.</summary>
    public void Add(int slot, bool isWrite, long position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)_depth, nameof(slot));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_count, _depth, nameof(slot));
        var block = _blocks + slot;
        *block = new ControlBlock
        {
            Data = (ulong)slot,
            Command = isWrite ? WriteCommand : ReadCommand,
            File = (uint)_file,
            Buffer = (ulong)(_memory + ((long)slot * _length)),
            Length = (ulong)_length,
            Offset = position,
        };
        _added[_count++] = block;
    }

    /// <summary>Begins what was added, by one call as far as the kernel takes it.</summary>
    public void Submit()
    {
        for (var submitted = 0; submitted < _count;)
        {
            submitted += (int)Require(SystemCall(SubmitCall, _context, _count - submitted, _added + submitted), "given requests");
        }

        _count = 0;
    }

    /// <summary>Waits for at least one request, and answers with the slots of those that are over.</summary>
    public int Wait(Span<int> slots)
    {
        long count;
        do
        {
            count = SystemCall(GetEventsCall, _context, 1, Math.Min(slots.Length, _depth), _events, null);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        Require(count, "asked for what is over");
        for (var index = 0; index < count; index++)
        {
            var words = _events + (index * EventWords);
            RequireWhole((nint)words[EventResult]);
            slots[index] = (int)words[EventData];
        }

        return (int)count;
    }

    /// <summary>Waits for what is under way, and closes it.</summary>
    public void Dispose()
    {
        if (_context != 0)
        {
            // It waits for requests under way, whose memory is freed below.
            _ = SystemCall(DestroyCall, _context);
            _context = 0;
        }

        _ = CloseCall(_file);
        NativeMemory.AlignedFree(_memory);
        NativeMemory.Free(_blocks);
        NativeMemory.Free(_added);
        NativeMemory.Free(_events);
    }

    private void RequireWhole(nint count)
    {
        if (count != _length)
        {
            throw new IOException(count < 0 ? $"The disk failed: error {Math.Max(-count, Marshal.GetLastPInvokeError())}." : $"The disk moved {count} bytes of {_length}.");
        }
    }

    private static long Require(long result, string what) =>
        result >= 0 ? result : throw new IOException($"The disk cannot be {what}: error {Marshal.GetLastPInvokeError()}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenCall(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseCall(int file);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int file, long offset, int from);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadCall(int file, byte* memory, nuint length, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteCall(int file, byte* memory, nuint length, long offset);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FlushCall(int file);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long count, long* context);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long context);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long context, long count, ControlBlock** blocks);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long context, long least, long most, long* events, long* timeout);

    /// <summary>linux/aio_abi.h: struct iocb, as far as it is needed; the rest is zero.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct ControlBlock
    {
        [FieldOffset(0)]
        public ulong Data;

        [FieldOffset(16)]
        public ushort Command;

        [FieldOffset(20)]
        public uint File;

        [FieldOffset(24)]
        public ulong Buffer;

        [FieldOffset(32)]
        public ulong Length;

        [FieldOffset(40)]
        public long Offset;
    }
}
