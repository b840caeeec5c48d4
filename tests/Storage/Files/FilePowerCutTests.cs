using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>
/// A program changes files until the power goes, at a random moment; what the disk had not flushed is lost, kept, torn or reordered by chance. Afterwards the file system is as it was after some
/// change that is not older than the last flush, whoever replays the journal: this code, or e2fsck. The seed is in the failure's message: TROUPE_SEED runs it again. TROUPE_DEEP=N does N times as much.
/// </summary>
public sealed class FilePowerCutTests
{
    private const int Seeds = 13;
    private const int Cuts = 8;

    private static readonly TestOptions _unlimited = new() { MaximumSteps = long.MaxValue };

    private int _cutsInWrites;

    [Theory]
    [InlineData(Ext4Image.Usual)]
    [InlineData(Ext4Image.Plain)]
    public void WhatWasFlushedSurvivesPowerCuts(string features)
    {
        var image = Make(features);
        TestSystem.RunSeeds(test => CutAndLookAsync(test, image, flushes: true), Seeds * Depth.Factor, _unlimited);
        if (Environment.GetEnvironmentVariable(TestSystem.SeedVariable) is null)
        {
            Assert.InRange(_cutsInWrites, Seeds * Cuts / 3, int.MaxValue);
        }
    }

    [Fact]
    public void ADiskWhoseFlushDoesNothingIsFoundOut()
    {
        var image = Make(Ext4Image.Usual);
        Assert.Throws<ScenarioFailedException>(() => TestSystem.RunSeeds(test => CutAndLookAsync(test, image, flushes: false), Seeds, _unlimited));
    }

    private static byte[] Make(string features) => Ext4Image.Make($"-b 1024 -O {features}", 12);

    private async Task CutAndLookAsync(TestSystem test, byte[] image, bool flushes)
    {
        var options = new FileSystemOptions { CachedBlocks = 16384 };
        var files = new FileSystemFixture(test, image, options, new PlatterOptions { ResetsOneIn = 200, LongestMilliseconds = 2 }, flushes);
        var model = new FileModel();
        for (var cut = 0; cut < Cuts; cut++)
        {
            files.Open();
            var states = new List<FileModel> { model };
            var changing = ChangeAsync(test, files, states);
            await Task.Delay(TimeSpan.FromMilliseconds(test.Random.Next(1, 800)), test.Time);
            _cutsInWrites += await files.CutPowerAsync() ? 1 : 0;
            await changing;

            // Sometimes e2fsck replays what a copy of the disk has, and what it leaves has to be the same.
            var isCompared = (cut + test.Seed) % 4 == 0;
            var repaired = files.Platter.Durable.ToArray();
            var complaint = isCompared ? Ext4Image.Repair(repaired) : "";
            files.Open();
            var found = await FileModel.ReadAsync(files);
            await files.UnmountAsync();
            var unmounted = files.Platter.Durable;
            model = Require(states, found);
            if (isCompared)
            {
                Assert.Equal("", complaint);
                Assert.Equal("", Ext4Image.Check(unmounted));
                Assert.Equal("", Ext4Image.Check(repaired));
                using var folder = new TemporaryFolder();
                Directory.CreateDirectory(folder.At("out"));
                Ext4Image.Extract(repaired, folder.At("out"));
                Assert.Equal("", found.Difference(FileModel.ReadFolder(folder.At("out"))));
            }
        }
    }

    /// <summary>One change after another until one fails; <paramref name="states"/>: what may be found, the one that was flushed last first.</summary>
    private static async Task ChangeAsync(TestSystem test, FileSystemFixture files, List<FileModel> states)
    {
        var changes = new AtomicChanges(files, states[0].Copy(), test.Random);
        try
        {
            while (true)
            {
                states.Add(changes.Prepare());
                await changes.DoAsync();
                if (test.Random.Next(4) == 0)
                {
                    await files.FlushAsync();
                    states.RemoveRange(0, states.Count - 1);
                }
            }
        }
        catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
        {
            // The power went.
        }
    }

    private static FileModel Require(List<FileModel> states, FileModel found) =>
        states.FirstOrDefault(state => state.Difference(found).Length == 0)
        ?? throw new InvalidOperationException($"What is there is none of the {states.Count} states that may be. From the last flushed:\n{states[0].Difference(found)}\nfrom the newest:\n{states[^1].Difference(found)}");
}
