// dotnet/runtime's src/native/libs/System.Native/pal_io.h: names in directories.
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>Calls whose C versions stay linked, for the kernel's directories. What opendir answers for one that is served is odd, where C's is the address of memory that C allocated, and even.</summary>
internal static unsafe class DirectoryFaces
{
    private const string Library = "libSystem.Native";

    // ReadDir's own answer after the last name.
    private const int NoMore = -1;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_OpenDir")]
    private static nint Open(byte* path)
    {
        // The kernel has one directory, which is empty, as those about the network are.
        if (NetworkTexts.IsEmptyDirectory(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path)))
        {
            fixed (byte* root = "/\0"u8)
                return OpenOfKernel(root);
        }

        if (FileServices.Of(path, out string name) is not { } files)
            return OpenOfKernel(path);
        try
        {
            long listing = FileServices.Answer(files.OpenDirectory(name));
            if (listing < 0)
                return 0;
            var directory = (Listing*)NativeMemory.Alloc((nuint)sizeof(Listing));
            directory->Number = (nint)listing;
            return (nint)directory | 1;
        }
        catch (Exception exception)
        {
            FileServices.Failed(exception);
            return 0;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadDir")]
    private static int Read(nint directory, NativeDirectoryEntry* entry)
    {
        if (!IsServed(directory) || FileServices.Calls is not { } files)
            return ReadOfKernel(directory, entry);
        try
        {
            Listing* listing = AddressOf(directory);
            *entry = default;
            long result = files.ReadDirectory(listing->Number, out string? name, out int kind);
            // An error is answered as it is, not by errno.
            if (result < 0)
                return (int)-result;
            if (name is null)
                return NoMore;
            entry->Name = listing->Name;
            entry->NameLength = Encoding.UTF8.GetBytes(name, new Span<byte>(listing->Name, Listing.LongestName));
            entry->Kind = kind;
            return 0;
        }
        catch (Exception exception)
        {
            FileServices.Failed(exception);
            return Marshal.GetLastSystemError();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CloseDir")]
    private static int Close(nint directory)
    {
        if (!IsServed(directory) || FileServices.Calls is not { } files)
            return CloseOfKernel(directory);
        try
        {
            Listing* listing = AddressOf(directory);
            long result = files.CloseDirectory(listing->Number);
            NativeMemory.Free(listing);
            return (int)FileServices.Answer(result);
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    private static bool IsServed(nint directory) => (directory & 1) != 0;

    private static Listing* AddressOf(nint directory) => (Listing*)(directory & ~1);

    [DllImport(Library, EntryPoint = "__real_SystemNative_OpenDir")]
    private static extern nint OpenOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ReadDir")]
    private static extern int ReadOfKernel(nint directory, NativeDirectoryEntry* entry);

    [DllImport(Library, EntryPoint = "__real_SystemNative_CloseDir")]
    private static extern int CloseOfKernel(nint directory);

    // The class library looks at the name until it asks for the next one.
    private struct Listing
    {
        // 255 bytes of ext4, each of which may be shown as the three of U+FFFD.
        public const int LongestName = 3 * 255;

        public nint Number;
        public fixed byte Name[LongestName];
    }
}
