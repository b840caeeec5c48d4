namespace Troupe.Core.Machine;

/// <summary>A file that the build put into the image (TroupeAsset): an entry of the table in Assembly/files.S, which nobody writes.</summary>
public unsafe struct ImageFile
{
    /// <summary>Its path, which ends with a zero.</summary>
    public byte* Path;

    /// <summary>What is in it.</summary>
    public byte* Contents;

    /// <summary>Bytes.</summary>
    public ulong Length;

    /// <summary>When it was last written, in seconds since 1970.</summary>
    public ulong Modified;

    /// <summary>The first file of the image.</summary>
    public static ImageFile* First => (ImageFile*)ImageSymbols.ImageFiles();

    /// <summary>The end of them; the first, if there are none.</summary>
    public static ImageFile* End => (ImageFile*)ImageSymbols.ImageFilesEnd();
}
