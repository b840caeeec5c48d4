using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Changes: e2fsck has nothing to say afterwards, and debugfs finds what was written.</summary>
public sealed class WritingTests
{
    private static readonly TestOptions _unlimited = new() { MaximumSteps = long.MaxValue };

    [Theory]
    [InlineData($"-b 4096 -O {Ext4Image.Usual}", 20, 5)]
    [InlineData($"-b 1024 -O {Ext4Image.Usual}", 16, 5)]
    [InlineData("-b 1024 -O metadata_csum,^64bit,^flex_bg,^dir_index -g 1024 -N 64", 16, 5)]
    [InlineData("-b 1024 -I 128 -O metadata_csum,^extra_isize -g 1024 -N 512", 16, 3)]
    [InlineData($"-b 4096 -O {Ext4Image.Plain}", 20, 3)]
    [InlineData($"-b 1024 -O {Ext4Image.Plain},^64bit,^flex_bg,^dir_index -g 1024 -N 64", 16, 3)]
    public void ManyChangesLeaveWhatAModelSays(string arguments, int megabytes, int seeds)
    {
        var image = Ext4Image.Make(arguments, megabytes);
        TestSystem.RunSeeds(async test =>
        {
            var files = new FileSystemFixture(test, image, disk: new PlatterOptions { ResetsOneIn = 100, LongestMilliseconds = 1 }).Open();
            var changes = new RandomChanges(files, new FileModel(), test.Random);
            for (var count = 0; count < 150; count++)
            {
                await changes.ChangeAsync();
            }

            Assert.Equal("", changes.Model.Difference(await FileModel.ReadAsync(files)));
            var result = await files.UnmountAsync();
            Assert.Equal("", Ext4Image.Check(result));
            Assert.Equal("", changes.Model.Difference(await FileModel.ReadAsync(files.Open())));
            await files.UnmountAsync();
            if (test.Seed % 4 == 0)
            {
                using var folder = new TemporaryFolder();
                Directory.CreateDirectory(folder.At("out"));
                Ext4Image.Extract(result, folder.At("out"));
                Assert.Equal("", changes.Model.Difference(FileModel.ReadFolder(folder.At("out"))));
            }
        }, seeds * Depth.Factor, _unlimited);
    }

    [Fact]
    public void AFileOfManyPiecesGrowsAndGoes()
    {
        var image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Usual}", 24);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var free = (await files.StatisticsAsync()).FreeBlocks;
            var handle = await files.OpenFileAsync("/pieces", FileOpening.Write | FileOpening.Create);

            // From the back and with holes: no extent goes on where another ends.
            for (var index = 999; index >= 0; index--)
            {
                await files.WriteAsync(handle, (index * 4096) + 1000, BitConverter.GetBytes(index));
            }

            for (var index = 1000; index < 2000; index++)
            {
                await files.WriteAsync(handle, (index * 4096) + 1000, BitConverter.GetBytes(index));
            }

            await files.FlushAsync();
            for (var index = 0; index < 2000; index += 13)
            {
                Assert.Equal(index, BitConverter.ToInt32(await files.ReadAsync(handle, (index * 4096) + 1000, 4)));
            }

            Assert.InRange((await files.InformationAsync("/pieces")).Sectors / 2, 2000, 2060);
            await files.SetLengthAsync(handle, (1500 * 4096) + 1002);
            Assert.Equal(new byte[] { 1500 % 256, 1500 / 256 }, await files.ReadAsync(handle, (1500 * 4096) + 1000, 100));
            await files.SetLengthAsync(handle, 2000 * 4096);
            Assert.Equal(new byte[] { 1500 % 256, 1500 / 256, 0, 0 }, await files.ReadAsync(handle, (1500 * 4096) + 1000, 4));
            await files.CloseAsync(handle);
            Assert.Equal("", Ext4Image.Check([.. await files.UnmountAsync()]));
            files.Open();
            await files.DeleteAsync("/pieces");
            Assert.Equal(free, (await files.StatisticsAsync()).FreeBlocks);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Theory]
    [InlineData(Ext4Image.Usual)]
    [InlineData(Ext4Image.Plain)]
    public void ADirectoryThatLinuxIndexedTakesNames(string features)
    {
        var image = Ext4Image.Make($"-b 1024 -O {features}", 16, static content =>
        {
            for (var index = 0; index < 400; index++)
            {
                File.WriteAllText(Path.Combine(content, $"a file with number {index}"), "");
            }
        });

        // e2fsck -D makes the index that Linux would have made.
        Ext4Image.Optimize(image);
        Assert.Contains("0x81000", Ext4Image.Debug([.. image], "stat /\n"), StringComparison.Ordinal);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            Assert.Equal(401, (await files.ListAsync("/")).Count);
            for (var index = 0; index < 300; index++)
            {
                await files.WriteFileAsync($"/one more, number {index}", [1]);
                await files.DeleteAsync($"/a file with number {index}");
            }

            Assert.Equal(401, (await files.ListAsync("/")).Count);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Fact]
    public void BlocksThatLinuxReservedReadAsZerosAndTakeBytes()
    {
        var image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Usual}", 16, static content => File.WriteAllText(Path.Combine(content, "f"), ""));
        Ext4Image.Debug(image, "fallocate /f 0 99\nset_inode_field /f size 102400\n");
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var handle = await files.OpenFileAsync("/f", FileOpening.Write);
            Assert.Equal(new byte[102400], await files.ReadFileAsync("/f"));
            var model = new FileModel();
            model.Entries["/f"] = new byte[102400];
            foreach (var position in new[] { 50_000, 0, 102_000, 20_000, 20_900, 1024 })
            {
                var bytes = new byte[1500];
                test.Random.NextBytes(bytes);
                await files.WriteAsync(handle, position, bytes);
                model.Write("/f", position, bytes);
            }

            Assert.Equal("", model.Difference(await FileModel.ReadAsync(files)));
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Fact]
    public void AFileThatIsOpenOutlivesItsName()
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var free = (await files.StatisticsAsync()).FreeBlocks;
            await files.WriteFileAsync("/a", new byte[100_000]);
            await files.WriteFileAsync("/b", [1, 2, 3]);
            var handle = await files.OpenFileAsync("/a", FileOpening.Write);
            await files.RenameAsync("/b", "/a");
            Assert.Equal([1, 2, 3], await files.ReadFileAsync("/a"));
            await files.WriteAsync(handle, 0, [7]);
            Assert.Equal([7, 0], await files.ReadAsync(handle, 0, 2));
            await files.CloseAsync(handle);
            await files.DeleteAsync("/a");
            Assert.Equal(free, (await files.StatisticsAsync()).FreeBlocks);
            await FileSystemFixture.FailsAsync(FileSystemError.BadHandle, files.ReadAsync(handle, 0, 1));
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        });
    }

    [Fact]
    public void WhatWasOpenWithoutANameIsFreedAfterAPowerCut()
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var free = (await files.StatisticsAsync()).FreeBlocks;
            for (var index = 0; index < 3; index++)
            {
                await files.WriteFileAsync($"/{index}", new byte[100_000]);
                await files.OpenFileAsync($"/{index}");
                await files.DeleteAsync($"/{index}");
            }

            await files.FlushAsync();
            Assert.True((await files.StatisticsAsync()).FreeBlocks < free);
            await files.CutPowerAsync();
            files.Open();
            Assert.Equal(free, (await files.StatisticsAsync()).FreeBlocks);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        });
    }

    [Fact]
    public void AFullDiskRefusesWhatDoesNotFitAndTakesItWhenThereIsRoom()
    {
        var image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            await files.WriteFileAsync("/first", new byte[5_000_000]);
            await FileSystemFixture.FailsAsync(FileSystemError.NoSpace, files.WriteFileAsync("/second", new byte[12_000_000]));
            await files.DeleteAsync("/second");

            // What is free now was in use when the last commit was made.
            var bytes = new byte[5_000_000];
            test.Random.NextBytes(bytes);
            await files.WriteFileAsync("/third", bytes);
            Assert.Equal(bytes, await files.ReadFileAsync("/third"));
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Fact]
    public void AStepThatFailsLeavesNothingBehind()
    {
        var image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Usual}", 8);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var handle = await files.OpenFileAsync("/all", FileOpening.Write | FileOpening.Create);
            for (var (position, size) = (0L, 1024 * 1024); size >= 1024;)
            {
                try
                {
                    await files.WriteAsync(handle, position, new byte[size]);
                    position += size;
                }
                catch (FileSystemException failure) when (failure.Error == FileSystemError.NoSpace)
                {
                    position = (await files.InformationAsync("/all")).Length;
                    size /= 2;
                }
            }

            // What is left is too little for a node of the file's extents.
            for (var index = 0; (await files.StatisticsAsync()).FreeBlocks > 0; index++)
            {
                await files.WriteFileAsync($"/{index}", [1]);
            }

            var before = await files.StatisticsAsync();

            // Its inode is taken before its block, which there is not.
            await FileSystemFixture.FailsAsync(FileSystemError.NoSpace, files.MakeDirectoryAsync("/d"));
            Assert.Equal(before.FreeInodes, (await files.StatisticsAsync()).FreeInodes);
            await FileSystemFixture.FailsAsync(FileSystemError.NotFound, files.InformationAsync("/d"));
            await files.CloseAsync(handle);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    [Fact]
    public void AppendsGoToTheEnd() => Run(async files =>
    {
        var first = await files.OpenFileAsync("/log", FileOpening.Write | FileOpening.Create | FileOpening.Append);
        var second = await files.OpenFileAsync("/log", FileOpening.Write | FileOpening.Append);
        await files.WriteAsync(first, 0, "one "u8.ToArray());
        await files.WriteAsync(second, 0, "two "u8.ToArray());
        await files.WriteAsync(first, 0, "three"u8.ToArray());
        Assert.Equal("one two three"u8.ToArray(), await files.ReadFileAsync("/log"));
    });

    [Fact]
    public void LinksLeadToTheirTargets() => Run(async files =>
    {
        await files.MakeDirectoryAsync("/d");
        await files.WriteFileAsync("/d/f", [5]);
        var detour = string.Concat(Enumerable.Repeat("./", 100)) + "f";
        await files.LinkAsync("/short", "d");
        await files.LinkAsync("/d/long", detour);
        Assert.Equal([5], await files.ReadFileAsync("/short/long"));
        Assert.Equal(detour, await files.ReadLinkAsync("/short/long"));
        await FileSystemFixture.FailsAsync(FileSystemError.Exists, files.LinkAsync("/short", "x"));
        await files.DeleteAsync("/short");
        await files.DeleteAsync("/d/long");
        Assert.Equal([5], await files.ReadFileAsync("/d/f"));
    });

    [Fact]
    public void AFileOfTwoNamesLivesUntilBothAreGone() => Run(async files =>
    {
        await files.MakeDirectoryAsync("/d");
        await files.WriteFileAsync("/a", [5]);
        await files.LinkAsync("/l", "a");
        await files.DoAsync(static reply => FileSystemMessage.CreateHardLink("/d/b", "/a", reply));
        await files.DoAsync(static reply => FileSystemMessage.CreateHardLink("/m", "/l", reply));
        Assert.Equal(2, (await files.InformationAsync("/a")).LinkCount);
        Assert.Equal("a", await files.ReadLinkAsync("/m"));
        await FileSystemFixture.FailsAsync(FileSystemError.Exists, files.DoAsync(static reply => FileSystemMessage.CreateHardLink("/d/b", "/a", reply)));
        await FileSystemFixture.FailsAsync(FileSystemError.NotPermitted, files.DoAsync(static reply => FileSystemMessage.CreateHardLink("/e", "/d", reply)));
        await FileSystemFixture.FailsAsync(FileSystemError.NotFound, files.DoAsync(static reply => FileSystemMessage.CreateHardLink("/e", "/x", reply)));
        // Both are the same file: nothing happens.
        await files.RenameAsync("/a", "/d/b");
        await files.DeleteAsync("/a");
        Assert.Equal([5], await files.ReadFileAsync("/d/b"));
        Assert.Equal(1, (await files.InformationAsync("/d/b")).LinkCount);
    });

    [Fact]
    public void PermissionsAndTimesAreKept()
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            var times = new FileTimes(new DateTimeOffset(2100, 1, 2, 3, 4, 5, 67, TimeSpan.Zero), new DateTimeOffset(1960, 6, 7, 8, 9, 10, TimeSpan.Zero));
            await files.WriteFileAsync("/a", [5]);
            await files.LinkAsync("/l", "a");
            var made = (await files.InformationAsync("/a")).Created;
            await files.DoAsync(static reply => FileSystemMessage.SetMode("/l", 0b100_010_001, reply));
            await files.DoAsync(reply => FileSystemMessage.SetTimes("/a", times, reply));
            var information = await files.InformationAsync("/a");
            Assert.Equal((0x8111, times.Accessed, times.Modified, made), (information.Mode, information.Accessed, information.Modified, information.Created));
            var handle = await files.OpenFileAsync("/a");
            await files.DoAsync(reply => FileSystemMessage.SetMode(handle, 0b110_000_000, reply));
            await files.DoAsync(reply => FileSystemMessage.SetTimes(handle, new FileTimes(DateTimeOffset.MinValue, DateTimeOffset.MaxValue), reply));
            information = await files.InformationAsync("/a");
            Assert.Equal((0x8180, 1901, 2446), (information.Mode, information.Accessed.Year, information.Modified.Year));
            image = await files.UnmountAsync();
            Assert.Equal("", Ext4Image.Check(image));
            Assert.Contains("mtime: 0x7fffffff:", Ext4Image.Debug(image, "stat /a\n"), StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public void OpenFilesAreBounded()
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, new FileSystemOptions { MaximumOpenFiles = 2 }).Open();
            var first = await files.OpenFileAsync("/a", FileOpening.Write | FileOpening.Create);
            await files.OpenFileAsync("/a");
            await FileSystemFixture.FailsAsync(FileSystemError.TooManyOpen, files.OpenFileAsync("/a"));
            await files.CloseAsync(first);
            await files.OpenFileAsync("/a");
        });
    }

    [Fact]
    public void WhatNobodyFlushesIsCommittedAfterAWhile() => Run(async files =>
    {
        await files.WriteFileAsync("/a", [1]);
        Assert.Equal(0, (await files.StatisticsAsync()).Commits);
        await files.DelayAsync(TimeSpan.FromSeconds(6));
        Assert.Equal(1, (await files.StatisticsAsync()).Commits);
    });

    [Fact]
    public void MemoryIsBounded()
    {
        var image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Usual}", 32);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, new FileSystemOptions { CachedBlocks = 1600 }).Open();
            var bytes = new byte[8_000_000];
            test.Random.NextBytes(bytes);
            await files.WriteFileAsync("/large", bytes);
            Assert.InRange((await files.StatisticsAsync()).CachedBlocks, 1, 1600);
            Assert.Equal(bytes, await files.ReadFileAsync("/large"));
            Assert.InRange((await files.StatisticsAsync()).CachedBlocks, 1, 1600);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        }, _unlimited);
    }

    private static void Run(Func<FileSystemFixture, Task> use)
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            await use(files);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        });
    }
}
