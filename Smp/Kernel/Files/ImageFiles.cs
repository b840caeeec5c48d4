using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Files;

/// <summary>The files that lie in the image: those of the app (TroupeAsset), whose directories are what their paths say, and the certificates that it trusts.</summary>
internal static unsafe class ImageFiles
{
    /// <summary>The certificates; an empty file where there are none, which no path names.</summary>
    internal static ImageFile* RootCertificates => (ImageFile*)ImageSymbols.RootCertificates();

    /// <summary>The file of a path, or null.</summary>
    internal static ImageFile* Find(byte* path)
    {
        if (RootCertificates->Length != 0 && IsSame(RootCertificates->Path, path))
        {
            return RootCertificates;
        }

        for (ImageFile* file = ImageFile.First; file < ImageFile.End; file++)
        {
            if (IsSame(file->Path, path))
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>The first file below a directory, or null. The empty path is no directory's (man 7 path_resolution).</summary>
    internal static ImageFile* FindBelow(byte* directory)
    {
        ulong length = LengthOf(directory);
        for (ImageFile* file = ImageFile.First; *directory != 0 && file < ImageFile.End; file++)
        {
            if (IsBelow(file, directory, length))
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>Characters of a directory's path without a slash at its end: where the slash is in the paths of what is below.</summary>
    internal static ulong LengthOf(byte* directory)
    {
        ulong length = 0;
        while (directory[length] != 0)
        {
            length++;
        }

        // "." is "/", where the program always is.
        return length == 1 && directory[0] == '.' ? 0 : length > 0 && directory[length - 1] == '/' ? length - 1 : length;
    }

    /// <summary>Whether a file is below a directory whose path has <paramref name="length"/> characters.</summary>
    internal static bool IsBelow(ImageFile* file, byte* directory, ulong length)
    {
        for (ulong i = 0; i < length; i++)
        {
            // No path of a file is shorter: its end is not a character of the directory's.
            if (file->Path[i] != directory[i])
            {
                return false;
            }
        }

        return file->Path[length] == '/';
    }

    /// <summary>Characters of the name that a file adds to a directory: its own, or that of the directory in which it is; false for the latter.</summary>
    internal static bool IsFileName(byte* name, out ulong length)
    {
        length = 0;
        while (name[length] is not (0 or (byte)'/'))
        {
            length++;
        }

        return name[length] == 0;
    }

    /// <summary>Whether an earlier file has added the name of a file to a directory.</summary>
    internal static bool IsRepeated(ImageFile* file, ulong directoryLength)
    {
        IsFileName(file->Path + directoryLength + 1, out ulong length);

        // Backwards: the build names files directory by directory.
        for (ImageFile* earlier = file - 1; earlier >= ImageFile.First; earlier--)
        {
            if (IsBelow(earlier, file->Path, directoryLength + 1 + length))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSame(byte* left, byte* right)
    {
        ulong i = 0;
        while (left[i] != 0 && left[i] == right[i])
        {
            i++;
        }

        return left[i] == right[i];
    }
}
