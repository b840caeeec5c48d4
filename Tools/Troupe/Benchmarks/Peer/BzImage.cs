using System.Buffers.Binary;
using System.IO.Compression;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Peer;

/// <summary>The packed kernel in a bzImage: Documentation/arch/x86/boot.rst of Linux ("The real-mode kernel header").</summary>
public static class BzImage
{
    private const int SetupSectors = 0x1F1;
    private const int HeaderMagic = 0x202;
    private const int PayloadOffset = 0x248;
    private const int PayloadLength = 0x24C;
    private const int Sector = 512;
    private const uint HdrS = 0x53726448;
    private const uint ElfMagic = 0x464C457F;
    private const ushort GzipMagic = 0x8B1F;

    /// <summary>The ELF that the boot loader's part would unpack at every boot.</summary>
    public static byte[] Unpack(ReadOnlySpan<byte> image)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(image[HeaderMagic..]) != HdrS)
        {
            throw new UserError("Debian's kernel is no bzImage.", exitCode: ExitCodes.Broken);
        }

        var protectedMode = (image[SetupSectors] + 1) * Sector;
        var start = protectedMode + BinaryPrimitives.ReadInt32LittleEndian(image[PayloadOffset..]);
        var payload = image.Slice(start, BinaryPrimitives.ReadInt32LittleEndian(image[PayloadLength..]));
        byte[] kernel;
        if (BinaryPrimitives.ReadUInt32LittleEndian(payload) == Lz4Legacy.Magic)
        {
            // After the frame Linux's build appends the unpacked size.
            kernel = Lz4Legacy.Unpack(payload[..^sizeof(uint)]);
        }
        else if (BinaryPrimitives.ReadUInt16LittleEndian(payload) == GzipMagic)
        {
            using var unpacked = new MemoryStream();
            using (var packed = new GZipStream(new MemoryStream(payload.ToArray()), CompressionMode.Decompress))
            {
                packed.CopyTo(unpacked);
            }

            kernel = unpacked.ToArray();
        }
        else
        {
            throw new UserError("Debian's kernel is packed in a way that is unknown here (neither LZ4 nor gzip).", exitCode: ExitCodes.Broken);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(kernel) == ElfMagic
            ? kernel
            : throw new UserError("Debian's kernel unpacks to something that is no ELF.", exitCode: ExitCodes.Broken);
    }
}
