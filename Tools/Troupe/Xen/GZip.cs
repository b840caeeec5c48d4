using System.IO.Compression;

namespace Troupe.Tools.Xen;

/// <summary>Files that gzip packed.</summary>
internal static class GZip
{
    /// <summary>What is in one.</summary>
    public static byte[] Unpack(string file)
    {
        using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        packed.CopyTo(content);
        return content.ToArray();
    }
}
