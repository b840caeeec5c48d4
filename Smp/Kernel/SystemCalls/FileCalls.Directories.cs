using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Files;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <content>What is in a directory.</content>
internal static unsafe partial class FileCalls
{
    /// <summary>getdents64: a name a call, so that little is looked at with interrupts off; the C library asks until there are none.</summary>
    internal static long DirectoryEntries(ulong descriptor, ulong destination, ulong bytes)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        long result = file == null ? Errno.BadFile : file->Kind == PseudoFile.Directory ? NextEntry(file, destination, bytes) : Errno.NotADirectory;
        OpenFiles.Leave();
        return result;
    }

    private static long NextEntry(OpenFile* directory, ulong destination, ulong bytes)
    {
        var first = (ImageFile*)directory->Page;
        for (ImageFile* file = first + directory->Position; first != null && file < ImageFile.End; file++)
        {
            if (!ImageFiles.IsBelow(file, first->Path, directory->Length) || ImageFiles.IsRepeated(file, directory->Length))
            {
                continue;
            }

            long written = StoreEntry(file, directory->Length, destination, bytes);
            directory->Position = written < 0 ? directory->Position : (ulong)(file - first) + 1;
            return written;
        }

        return 0;
    }

    private static long StoreEntry(ImageFile* file, ulong directoryLength, ulong destination, ulong bytes)
    {
        // struct linux_dirent64 (fs/readdir.c): inode, offset, length of the record, kind, name; its kinds are dirent.h's.
        const ulong Inode = 0, Offset = 8, RecordLength = 16, Kind = 18, Name = 19, Alignment = 8;
        const byte DirectoryKind = 4, RegularKind = 8;
        byte* name = file->Path + directoryLength + 1;
        byte kind = ImageFiles.IsFileName(name, out ulong length) ? RegularKind : DirectoryKind;
        ulong record = (Name + length + 1 + Alignment - 1) & ~(Alignment - 1);
        if (record > bytes)
        {
            return Errno.InvalidArgument;
        }

        bool written = UserMemory.TryZero(destination, record)
            && UserMemory.TryWrite64(destination + Inode, InodeOf(PseudoFile.Image, file))
            && UserMemory.TryWrite64(destination + Offset, (ulong)(file - ImageFile.First) + 1)
            && UserMemory.TryWrite(destination + RecordLength, &record, 2)
            && UserMemory.TryWrite(destination + Kind, &kind, 1)
            && UserMemory.TryWrite(destination + Name, name, length);
        return written ? (long)record : Errno.BadAddress;
    }
}
