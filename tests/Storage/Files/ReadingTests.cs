using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>What mke2fs put into an image is what one reads.</summary>
public sealed class ReadingTests
{
    [Theory]
    [InlineData("-b 4096 -O ^metadata_csum")]
    [InlineData("-b 1024 -O ^metadata_csum,^64bit,^flex_bg")]
    [InlineData("-b 2048 -I 128 -O ^metadata_csum,^extra_isize")]
    [InlineData($"-b 4096 -O {Ext4Image.Usual}")]
    [InlineData("-b 1024 -O metadata_csum,^64bit -g 1024 -N 4096")]
    [InlineData("-b 1024 -O ^has_journal,^metadata_csum -g 1024")]
    public void EverythingThatIsInAFolderIsInItsImage(string arguments)
    {
        using var folder = new TemporaryFolder();
        var image = Ext4Image.Make(arguments, 24, content =>
        {
            Fill(content);
            Copy(content, folder.At("original"));
        });
        TestSystem.Run(async test => await CompareAsync(new FileSystemFixture(test, image, new FileSystemOptions { IsReadOnly = true }).Open(), folder.At("original"), "/"), new TestOptions { MaximumSteps = long.MaxValue });
    }

    [Fact]
    public void ADeepExtentTreeIsFollowed()
    {
        // Of 1024 bytes a block has 84 entries, and the root 4: so many holes make two levels below the root.
        const int Holes = 1200;
        var image = Ext4Image.Make("-b 1024 -O ^metadata_csum", 16, content =>
        {
            using var file = File.Create(Path.Combine(content, "holes"));
            for (var index = 0; index < Holes; index++)
            {
                file.Position = index * 16 * 1024;
                file.Write(BitConverter.GetBytes(index + 1));
                file.SetLength((index * 16 * 1024) + 2048);
            }
        });
        Assert.Contains("(ETB1)", Ext4Image.Debug([.. image], "stat /holes\n"), StringComparison.Ordinal);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, new FileSystemOptions { IsReadOnly = true }).Open();
            var handle = await files.OpenFileAsync("/holes");
            for (var index = 0; index < Holes; index += 7)
            {
                Assert.Equal(index + 1, BitConverter.ToInt32(await files.ReadAsync(handle, index * 16 * 1024, 4)));
                Assert.Equal(new byte[8], await files.ReadAsync(handle, (index * 16 * 1024) - (index == 0 ? -4 : 8), 8));
            }
        }, new TestOptions { MaximumSteps = long.MaxValue });
    }

    [Theory]
    [InlineData("-O inline_data,^metadata_csum", true, "inline_data")]
    [InlineData("-O encrypt,^metadata_csum", true, "encrypt")]
    [InlineData("-O ^metadata_csum,bigalloc", true, "bigalloc")]
    [InlineData("-O ^metadata_csum,quota", false, "quota")]
    [InlineData("-O ^metadata_csum,^has_journal", false, "no journal")]
    [InlineData("-O ^metadata_csum,^extent,^64bit", true, "ext2 and ext3")]
    public void WhatIsNotSupportedIsRefusedByName(string arguments, bool isReadOnly, string name)
    {
        var image = Ext4Image.Make(arguments, 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, new FileSystemOptions { IsReadOnly = isReadOnly }).Open();
            var refusal = await FileSystemFixture.FailsAsync(FileSystemError.Unsupported, files.InformationAsync("/"));
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
            Assert.Equal(image, files.Platter.Durable);
        });
    }

    [Fact]
    public void ADiskWithoutAFileSystemIsLeftAlone() => TestSystem.Run(async test =>
    {
        var files = new FileSystemFixture(test, new byte[1024 * 1024]).Open();
        Assert.Contains("mke2fs", (await FileSystemFixture.FailsAsync(FileSystemError.Unsupported, files.ListAsync("/"))).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void WhatIsOpenedForReadingRefusesEveryChange()
    {
        var image = Ext4Image.Make("-O ^metadata_csum", 16, static content => File.WriteAllText(Path.Combine(content, "a"), "a"));
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, disk: new PlatterOptions { IsReadOnly = true }).Open();
            await FileSystemFixture.FailsAsync(FileSystemError.ReadOnly, files.OpenFileAsync("/a", FileOpening.Write));
            await FileSystemFixture.FailsAsync(FileSystemError.ReadOnly, files.DeleteAsync("/a"));
            await FileSystemFixture.FailsAsync(FileSystemError.ReadOnly, files.MakeDirectoryAsync("/d"));
            await FileSystemFixture.FailsAsync(FileSystemError.BadHandle, files.WriteAsync(await files.OpenFileAsync("/a"), 0, [1]));
            Assert.True((await files.StatisticsAsync()).IsReadOnly);
            Assert.Equal(image, files.Platter.Durable);
        });
    }

    [Theory]
    [InlineData("/none", FileSystemError.NotFound)]
    [InlineData("/file/x", FileSystemError.NotDirectory)]
    [InlineData("relative", FileSystemError.Invalid)]
    [InlineData("/loop/x", FileSystemError.TooManySymbolicLinks)]
    [InlineData("/dangling", FileSystemError.NotFound)]
    public void APathThatLeadsNowhereSaysWhy(string path, FileSystemError error)
    {
        var image = Ext4Image.Make("-O ^metadata_csum", 16, static content =>
        {
            File.WriteAllText(Path.Combine(content, "file"), "");
            File.CreateSymbolicLink(Path.Combine(content, "loop"), "loop");
            File.CreateSymbolicLink(Path.Combine(content, "dangling"), "elsewhere");
        });
        TestSystem.Run(async test => await FileSystemFixture.FailsAsync(error, new FileSystemFixture(test, image).Open().InformationAsync(path)));
    }

    [Fact]
    public void NamesAreBounded() => TestSystem.Run(async test =>
    {
        var files = new FileSystemFixture(test, Ext4Image.Make("-O ^metadata_csum", 16)).Open();
        await FileSystemFixture.FailsAsync(FileSystemError.NameTooLong, files.InformationAsync("/" + new string('n', 256)));
        await FileSystemFixture.FailsAsync(FileSystemError.NotFound, files.InformationAsync("/" + new string('n', 255)));
        await FileSystemFixture.FailsAsync(FileSystemError.NameTooLong, files.InformationAsync(string.Concat(Enumerable.Repeat("/abcdefg", 512))));
    });

    private static void Fill(string content)
    {
        var random = new Random(6);
        File.WriteAllText(Path.Combine(content, "empty"), "");
        File.WriteAllText(Path.Combine(content, "small"), "small");
        File.WriteAllBytes(Path.Combine(content, new string('n', 255)), Bytes(random, 4097));
        File.WriteAllBytes(Path.Combine(content, "ütf-8 ☃"), Bytes(random, 100));
        File.WriteAllBytes(Path.Combine(content, "large"), Bytes(random, 3_000_001));
        var many = Directory.CreateDirectory(Path.Combine(content, "many")).FullName;
        for (var index = 0; index < 1500; index++)
        {
            File.WriteAllText(Path.Combine(many, $"a file with number {index}"), index % 100 == 0 ? $"{index}" : "");
        }

        var deep = content;
        for (var depth = 0; depth < 20; depth++)
        {
            deep = Directory.CreateDirectory(Path.Combine(deep, $"level {depth}")).FullName;
        }

        File.WriteAllText(Path.Combine(deep, "bottom"), "bottom");
        File.CreateSymbolicLink(Path.Combine(content, "link"), "level 0/level 1");
        File.CreateSymbolicLink(Path.Combine(content, "long link"), string.Concat(Enumerable.Repeat("./", 60)) + "small");
        using var sparse = File.Create(Path.Combine(content, "sparse"));
        sparse.Position = 100_000_000;
        sparse.Write("end"u8);
    }

    private static async Task CompareAsync(FileSystemFixture files, string original, string path)
    {
        var found = (await files.ListAsync(path)).Where(static entry => entry.Name != "lost+found").ToDictionary(static entry => entry.Name);
        var expected = new DirectoryInfo(original).GetFileSystemInfos();
        Assert.Equal(expected.Select(static entry => entry.Name).Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach (var entry in expected)
        {
            var name = path.TrimEnd('/') + "/" + entry.Name;
            var kind = found[entry.Name].Kind;
            if (entry.LinkTarget is { } target)
            {
                Assert.Equal(FileKind.SymbolicLink, kind);
                Assert.Equal(target, await files.ReadLinkAsync(name));
                Assert.NotEqual(FileKind.SymbolicLink, (await files.InformationAsync(name)).Kind);
            }
            else if (entry is DirectoryInfo)
            {
                Assert.Equal(FileKind.Directory, kind);
                await CompareAsync(files, entry.FullName, name);
            }
            else
            {
                await CompareFileAsync(files, (FileInfo)entry, name);
            }
        }
    }

    private static async Task CompareFileAsync(FileSystemFixture files, FileInfo original, string path)
    {
        var information = await files.InformationAsync(path);
        Assert.Equal(original.Length, information.Length);
        Assert.Equal(FileKind.Regular, information.Kind);
        Assert.Equal(new DateTimeOffset(original.LastWriteTimeUtc).ToUnixTimeSeconds(), information.Modified.ToUnixTimeSeconds());
        if (original.Length < 10_000_000)
        {
            Assert.Equal(File.ReadAllBytes(original.FullName), await files.ReadFileAsync(path));
            return;
        }

        var handle = await files.OpenFileAsync(path);
        Assert.Equal(new byte[5000], await files.ReadAsync(handle, 50_000_000, 5000));
        Assert.Equal("\0\0end"u8.ToArray(), await files.ReadAsync(handle, 99_999_998, 10));
        Assert.Empty(await files.ReadAsync(handle, 1L << 50, 10));
    }

    /// <summary>With links and times.</summary>
    private static void Copy(string from, string to) => System.Diagnostics.Process.Start("cp", $"-a {from} {to}").WaitForExit();

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
