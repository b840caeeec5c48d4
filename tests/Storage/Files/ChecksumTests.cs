using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>The checksums of metadata: those of mke2fs, e2fsck and debugfs hold here, ours hold there (which <see cref="WritingTests"/> asks e2fsck), and a wrong one is found.</summary>
public sealed class ChecksumTests
{
    private const int BlockSize = 1024;

    private static readonly TestOptions _unlimited = new() { MaximumSteps = long.MaxValue };

    [Theory]
    [InlineData("superblock")]
    [InlineData("group descriptor")]
    [InlineData("block bitmap")]
    [InlineData("inode bitmap")]
    [InlineData("inode")]
    [InlineData("directory")]
    [InlineData("index of a directory")]
    [InlineData("extents")]
    public void AChangedBitIsFound(string where)
    {
        var image = Make();
        var (block, offset) = Locate(image, where);
        IsUsedAndStaysInOrder(image);
        image[(block * BlockSize) + offset] ^= 1;
        IsRefused(image, FileSystemError.Corrupt, "wrong checksum");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ATornWriteOfTheWordThatItWasNotUnmountedIsForgiven(bool isWordWritten)
    {
        // The word is in the first sector, the checksum in the second; one of them was written.
        var image = Make();
        var superblock = image.AsSpan(1024, 1024);
        var before = superblock.ToArray();
        SuperblockFields.SetNeedsRecovery(superblock, needsRecovery: true);
        MetadataChecksums.SealSuperblock(superblock);
        before.AsSpan(isWordWritten ? 512 : 0, 512).CopyTo(superblock[(isWordWritten ? 512 : 0)..]);
        IsUsedAndStaysInOrder(image);
    }

    [Fact]
    public void WhatWasTornInPlaceComesFromTheJournal()
    {
        // The journal has the descriptors of the groups whole; what is in place has a wrong checksum.
        var image = Make();
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("descriptors"), image.AsSpan(2 * BlockSize, BlockSize));
        Ext4Image.Debug(image, $"jo\njw -b 2 {folder.At("descriptors")}\njc\n");
        image[(2 * BlockSize) + 0xC] ^= 1;
        IsUsedAndStaysInOrder(image);
    }

    [Fact]
    public void ChecksumsBeginWithTheSeedAndNotWithAnIdentityThatWasGivenLater()
    {
        var image = Make();
        Ext4Image.Debug(image, "set_super_value uuid 01234567-89ab-cdef-0123-456789abcdef\n");
        IsUsedAndStaysInOrder(image);
    }

    [Fact]
    public void GroupsWhoseBitmapsWereNeverWrittenAreUsed()
    {
        var image = Ext4Image.Make($"-b 1024 -g 1024 -N 1024 -O {Ext4Image.Usual}", 16);
        var before = Flags(image);
        Assert.Contains("Inode not init, Block not init", before, StringComparison.Ordinal);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var free = (await files.StatisticsAsync()).FreeBlocks;
            for (var index = 0; index < 900; index++)
            {
                await files.WriteFileAsync($"/file {index}", new byte[index % 10 * 1500]);
            }

            // All of them, to the last block.
            var handle = await files.OpenFileAsync("/rest", FileOpening.Write | FileOpening.Create);
            var length = 0L;
            await FileSystemFixture.FailsAsync(FileSystemError.NoSpace, FillAsync());
            Assert.InRange((await files.StatisticsAsync()).FreeBlocks, 0, 2);
            await files.CloseAsync(handle);
            var full = (await files.UnmountAsync()).ToArray();
            Assert.Equal("", Ext4Image.Check(full));
            Assert.DoesNotContain("Block not init", Flags(full), StringComparison.Ordinal);
            files.Open();
            for (var index = 0; index < 900; index++)
            {
                await files.DeleteAsync($"/file {index}");
            }

            await files.DeleteAsync("/rest");
            Assert.InRange(free - (await files.StatisticsAsync()).FreeBlocks, 0, 40); // the directory keeps its blocks
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));

            async Task FillAsync()
            {
                while (true)
                {
                    await files.WriteAsync(handle, length, new byte[BlockSize]);
                    length += BlockSize;
                }
            }
        }, _unlimited);
    }

    [Fact]
    public void AnIndexedDirectoryMovesToAnotherParent()
    {
        var image = Make();
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            await files.MakeDirectoryAsync("/other");
            await files.RenameAsync("/indexed", "/other/moved");
            Assert.Equal(400, (await files.ListAsync("/other/moved")).Count);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Fact]
    public void FilesInTheOrphanFileAreRefusedAndNamed()
    {
        var image = Make();
        Ext4Image.Debug(image, "set_super_value feature_ro_compat 0x1046b\n");
        IsRefused(image, FileSystemError.Unsupported, "e2fsck -p");
    }

    [Fact]
    public void ChecksumsOfAnotherKindAreRefused()
    {
        var image = Make();
        image[1024 + 0x175] = 2;
        IsRefused(image, FileSystemError.Unsupported, "checksums of kind 2");
    }

    private static byte[] Make()
    {
        var image = Ext4Image.Make($"-b {BlockSize} -O {Ext4Image.Usual}", 16, static content =>
        {
            Directory.CreateDirectory(Path.Combine(content, "indexed"));
            for (var index = 0; index < 400; index++)
            {
                File.WriteAllText(Path.Combine(content, "indexed", $"a file with number {index}"), "");
            }

            using var holes = File.Create(Path.Combine(content, "holes"));
            for (var index = 0; index < 100; index++)
            {
                holes.Position = index * 8192;
                holes.WriteByte(1);
            }
        });

        // e2fsck -D makes the index that Linux would have made.
        Ext4Image.Optimize(image);
        return image;
    }

    private static void IsUsedAndStaysInOrder(byte[] image) => TestSystem.Run(
        async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            await UseAsync(files);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        },
        _unlimited);

    private static void IsRefused(byte[] image, FileSystemError error, string why) => TestSystem.Run(
        async test =>
        {
            var refusal = await FileSystemFixture.FailsAsync(error, UseAsync(new FileSystemFixture(test, image).Open()));
            Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        },
        _unlimited);

    /// <summary>Looks at everything of such an image that has a checksum, and changes something.</summary>
    private static async Task UseAsync(FileSystemFixture files)
    {
        await files.ListAsync("/");
        await files.ListAsync("/indexed");
        await files.ReadFileAsync("/holes");
        await files.WriteFileAsync("/new", [1, 2, 3]);
    }

    private static (int Block, int Offset) Locate(byte[] image, string where)
    {
        return where switch
        {
            "superblock" => (1, 0xC),
            "group descriptor" => (2, 0xC),
            "block bitmap" => (Number("stats", "block bitmap at (\\d+)"), 100),
            "inode bitmap" => (Number("stats", "inode bitmap at (\\d+)"), 20),
            "inode" => (Number("imap /", "block (\\d+), offset 0x0100"), 0x100 + 0x10),
            "directory" => (Number("bmap / 0", "^(\\d+)$"), 0x18),
            "index of a directory" => (Number("bmap /indexed 0", "^(\\d+)$"), 0x28),
            _ => (Number("stat /holes", "\\(ETB0\\):(\\d+)"), 0x10),
        };

        int Number(string command, string pattern) =>
            int.Parse(Regex.Match(Ext4Image.Debug([.. image], command + "\n"), pattern, RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>What debugfs says of each group.</summary>
    private static string Flags(byte[] image) => Ext4Image.Debug([.. image], "stats\n");
}
