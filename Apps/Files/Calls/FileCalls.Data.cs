namespace Troupe.Apps.Files;

/// <content>Open files and their bytes.</content>
public sealed partial class FileCalls
{
    // pal_io.h of dotnet/runtime: flags of open.
    private const int OpenAccess = 0xF;
    private const int OpenReadOnly = 0;
    private const int OpenWriteOnly = 1;
    private const int OpenReadWrite = 2;
    private const int OpenCreate = 0x20;
    private const int OpenExclusive = 0x40;
    private const int OpenTruncate = 0x80;
    private const int OpenSynchronous = 0x100;

    // The same: operations of flock.
    private const int LockExclusive = 2;
    private const int LockWithoutWaiting = 4;
    private const int Unlock = 8;

    /// <summary>Bytes that one message carries: below what the collector keeps apart as large.</summary>
    private const int TransferLength = 64 * 1024;

    /// <summary>open: answers the descriptor.</summary>
    public long Open(string path, int flags, int mode)
    {
        ArgumentNullException.ThrowIfNull(path);
        var access = flags & OpenAccess;
        if (access is not (OpenReadOnly or OpenWriteOnly or OpenReadWrite))
        {
            return Refuse(FileErrno.InvalidArgument);
        }

        var opening = access == OpenReadOnly ? FileOpening.Read : FileOpening.Write;
        if ((flags & OpenCreate) != 0)
        {
            // Whoever only reads may make a file all the same.
            opening |= FileOpening.Write | FileOpening.Create | ((flags & OpenExclusive) != 0 ? FileOpening.New : FileOpening.Read);
        }

        if ((flags & OpenTruncate) != 0 && access != OpenReadOnly)
        {
            opening |= FileOpening.Truncate;
        }

        var error = Ask<FileHandle>(reply => FileSystemMessage.Open(_mount.Inside(path), opening, reply, mode & ~ModeMask), out var handle);
        return error < 0 ? error : _open.Add(new OpenDescription(handle, access != OpenWriteOnly, access != OpenReadOnly, (flags & OpenSynchronous) != 0));
    }

    /// <summary>close. What was written is not durable by that.</summary>
    public long Close(nint descriptor)
    {
        if (_open.Remove(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        _locks.Release(file);
        return Do(reply => FileSystemMessage.Close(file.Handle, reply));
    }

    /// <summary>fstat.</summary>
    public long GetInformation(nint descriptor, out FileInformation? information)
    {
        information = null;
        return _open.Find(descriptor) is { } file
            ? Ask(reply => FileSystemMessage.GetInformation(file.Handle, reply), out information)
            : Refuse(FileErrno.BadDescriptor);
    }

    /// <summary>read: from the position, which moves. Answers how many bytes; fewer than asked for at the end only.</summary>
    public long Read(nint descriptor, Span<byte> buffer)
    {
        if (_open.Find(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        lock (file.PositionGate)
        {
            var count = Read(descriptor, buffer, file.Position);
            file.Position += Math.Max(count, 0);
            return count;
        }
    }

    /// <summary>pread: the same from a place.</summary>
    public long Read(nint descriptor, Span<byte> buffer, long position)
    {
        if (_open.Find(descriptor) is not { CanRead: true } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        if (position < 0)
        {
            return Refuse(FileErrno.InvalidArgument);
        }

        var done = 0;
        while (done < buffer.Length)
        {
            var wanted = Math.Min(buffer.Length - done, TransferLength);
            var transfer = new FileTransfer(wanted);
            transfer.Set(file.Handle, position + done, wanted);
            FileTransferCall call = new(_parkers.Value!, transfer, isWrite: false);
            var error = Run(call);
            if (error < 0)
            {
                return done > 0 ? done : error;
            }

            call.Data.CopyTo(buffer[done..]);
            done += call.Data.Length;
            if (call.Data.Length < wanted)
            {
                break;
            }
        }

        return done;
    }

    /// <summary>write: at the position, which moves. Answers how many bytes.</summary>
    public long Write(nint descriptor, ReadOnlySpan<byte> data)
    {
        if (_open.Find(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        lock (file.PositionGate)
        {
            var count = Write(descriptor, data, file.Position);
            file.Position += Math.Max(count, 0);
            return count;
        }
    }

    /// <summary>pwrite: the same at a place.</summary>
    public long Write(nint descriptor, ReadOnlySpan<byte> data, long position)
    {
        if (_open.Find(descriptor) is not { CanWrite: true } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        if (position < 0)
        {
            return Refuse(FileErrno.InvalidArgument);
        }

        var done = 0;
        while (done < data.Length)
        {
            var length = Math.Min(data.Length - done, TransferLength);
            var transfer = new FileTransfer(length);
            transfer.Set(file.Handle, position + done, length);
            data.Slice(done, length).CopyTo(transfer.Data);
            FileTransferCall call = new(_parkers.Value!, transfer, isWrite: true);
            var error = Run(call);
            done += call.Count;
            if (error < 0)
            {
                return done > 0 ? done : error;
            }
        }

        var unflushed = file.IsSynchronous ? Synchronize() : 0;
        return unflushed < 0 ? unflushed : done;
    }

    /// <summary>lseek, by the class library's numbers for where from. Answers the new position.</summary>
    public long Seek(nint descriptor, long offset, int origin)
    {
        if (_open.Find(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        lock (file.PositionGate)
        {
            var from = 0L;
            switch (origin)
            {
                case 0:
                    break;
                case 1:
                    from = file.Position;
                    break;
                case 2:
                    var error = GetInformation(descriptor, out var information);
                    if (information is null)
                    {
                        return error;
                    }

                    from = information.Length;
                    break;
                default:
                    return Refuse(FileErrno.InvalidArgument);
            }

            if (from + offset < 0)
            {
                return Refuse(FileErrno.InvalidArgument);
            }

            return file.Position = from + offset;
        }
    }

    /// <summary>ftruncate.</summary>
    public long SetLength(nint descriptor, long length)
    {
        if (_open.Find(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        return length < 0 || !file.CanWrite ? Refuse(FileErrno.InvalidArgument) : Do(reply => FileSystemMessage.SetLength(file.Handle, length, reply));
    }

    /// <summary>fsync: all that was changed, of other files too, is durable.</summary>
    public long Synchronize(nint descriptor) => _open.Find(descriptor) is null ? Refuse(FileErrno.BadDescriptor) : Synchronize();

    /// <summary>fchmod.</summary>
    public long SetMode(nint descriptor, int mode) =>
        _open.Find(descriptor) is { } file ? Do(reply => FileSystemMessage.SetMode(file.Handle, mode, reply)) : Refuse(FileErrno.BadDescriptor);

    /// <summary>futimens.</summary>
    public long SetTimes(nint descriptor, FileTimes times) =>
        _open.Find(descriptor) is { } file ? Do(reply => FileSystemMessage.SetTimes(file.Handle, times, reply)) : Refuse(FileErrno.BadDescriptor);

    /// <summary>flock, without waiting: an operation that would is refused (EOPNOTSUPP), and a lock that another open file of this guest holds is EWOULDBLOCK.</summary>
    public long SetLock(nint descriptor, int operation)
    {
        if (_open.Find(descriptor) is not { } file)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        if ((operation & Unlock) != 0)
        {
            _locks.Release(file);
            return 0;
        }

        if ((operation & LockWithoutWaiting) == 0)
        {
            return Refuse(FileErrno.NotSupported);
        }

        var error = GetInformation(descriptor, out var information);
        if (information is null)
        {
            return error;
        }

        return _locks.TryLock(file, information.Inode, (operation & LockExclusive) != 0) ? 0 : Refuse(FileErrno.WouldBlock);
    }
}
