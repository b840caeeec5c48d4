using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Files;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <content>stat and its like.</content>
internal static unsafe partial class FileCalls
{
    private const ulong AtEmptyPath = 0x1000;
    private const uint DirectoryMode = 0x41ED, RegularMode = 0x8124, CharacterMode = 0x21B6, PipeMode = 0x1180;

    internal static long StatPath(ulong path, ulong destination)
    {
        byte* name = KernelMemory.Scratch;
        if (!TryReadPath(path, name))
        {
            return Errno.BadAddress;
        }

        PseudoFile kind = FileContents.Find(name);
        return kind == PseudoFile.None ? Errno.NoEntry : StoreStat(kind, kind == PseudoFile.Image ? ImageFiles.Find(name) : null, 0, destination);
    }

    internal static long StatFile(ulong descriptor, ulong destination)
    {
        OpenFiles.Enter();
        OpenFile* file = OpenFiles.Find(descriptor);
        PseudoFile kind = file == null ? PseudoFile.None : file->Kind;
        ulong length = kind == PseudoFile.Text ? file->Length : 0;
        ImageFile* image = kind == PseudoFile.Image ? (ImageFile*)file->Page : null;
        OpenFiles.Leave();
        return kind == PseudoFile.None ? Errno.BadFile : StoreStat(kind, image, length, destination);
    }

    internal static long StatAt(ulong descriptor, ulong path, ulong destination, ulong flags)
    {
        if ((flags & AtEmptyPath) != 0)
        {
            byte first = 0;
            if (path == 0 || (UserMemory.TryRead(&first, path, 1) && first == 0))
            {
                return StatFile(descriptor, destination);
            }
        }

        return StatPath(path, destination);
    }

    private static long StoreStat(PseudoFile kind, ImageFile* image, ulong length, ulong destination)
    {
        // struct stat (arch/x86/include/uapi/asm/stat.h): device, inode, links, mode, user, group, pad, rdev, size, block size, blocks, times of access, modification and change.
        const ulong Size = 144, Inode = 8, Links = 16, Mode = 24, FileSize = 48, BlockSize = 56, Accessed = 72, Modified = 88, Changed = 104;
        uint mode = kind switch
        {
            PseudoFile.Directory => DirectoryMode,
            PseudoFile.Text or PseudoFile.Image => RegularMode,
            PseudoFile.PipeReader or PseudoFile.PipeWriter => PipeMode,
            _ => CharacterMode,
        };
        length = image == null ? length : image->Length;
        ulong modified = image == null ? 0 : image->Modified;
        bool written = UserMemory.TryZero(destination, Size)
            && UserMemory.TryWrite64(destination + Inode, InodeOf(kind, image))
            && UserMemory.TryWrite64(destination + Links, 1)
            && UserMemory.TryWrite32(destination + Mode, mode)
            && UserMemory.TryWrite64(destination + FileSize, length)
            && UserMemory.TryWrite64(destination + BlockSize, KernelMemory.FrameSize)
            && UserMemory.TryWrite64(destination + Accessed, modified)
            && UserMemory.TryWrite64(destination + Modified, modified)
            && UserMemory.TryWrite64(destination + Changed, modified);
        return written ? 0 : Errno.BadAddress;
    }

    // The files that lie in the image have numbers of their own, above those of the kinds.
    private static ulong InodeOf(PseudoFile kind, ImageFile* image) =>
        image == null || image == ImageFiles.RootCertificates ? (ulong)kind : (ulong)PseudoFile.PipeWriter + 1 + (ulong)(image - ImageFile.First);
}
