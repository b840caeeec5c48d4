using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Journals that others left (debugfs writes them as Linux does) are replayed as e2fsck replays them.</summary>
public sealed class JournalTests
{
    private static readonly TestOptions _unlimited = new() { MaximumSteps = long.MaxValue };

    /// <summary>Journals have checksums of version 3 where metadata has checksums, which are not written here; so that feature is taken away again.</summary>
    [Theory]
    [InlineData("", "^metadata_csum", "")]
    [InlineData("", "^metadata_csum,^64bit", "")]
    [InlineData("-c", "^metadata_csum", "")]
    [InlineData("-c", "metadata_csum", "feature -metadata_csum\n")]
    [InlineData("-c", "metadata_csum,^64bit", "feature -metadata_csum\n")]
    public void ADirtyJournalIsReplayed(string checksums, string features, string end)
    {
        var image = MakeDirty(checksums, features, out var content, end: end);
        Assert.Contains("needs_recovery", Ext4Image.Debug([.. image], "feature\n"), StringComparison.Ordinal);
        var repaired = image.ToArray();
        Assert.Equal("", Ext4Image.Repair(repaired));
        TestSystem.Run(async test =>
        {
            var expected = new FileSystemFixture(test, repaired, new FileSystemOptions { IsReadOnly = true }).Open();
            Assert.Equal(content, (await expected.ReadFileAsync("/f")).AsSpan(0, 4096).ToArray());
            await expected.StopAsync();
            var files = new FileSystemFixture(test, image).Open();
            Assert.Equal(content, (await files.ReadFileAsync("/f")).AsSpan(0, 4096).ToArray());
            Assert.Equal(2, (await files.StatisticsAsync()).ReplayedTransactions);
            await files.WriteFileAsync("/g", [1, 2, 3]);
            await files.FlushAsync();
            await files.WriteFileAsync("/h", [4]);
            await files.FlushAsync();
            await files.CutPowerAsync();
            repaired = [.. files.Platter.Durable];
            Assert.Equal("", Ext4Image.Repair(repaired));
            expected = new FileSystemFixture(test, repaired, new FileSystemOptions { IsReadOnly = true }).Open();
            Assert.Equal([1, 2, 3], await expected.ReadFileAsync("/g"));
            Assert.Equal([4], await expected.ReadFileAsync("/h"));
            await expected.StopAsync();
            Assert.Equal([1, 2, 3], await files.Open().ReadFileAsync("/g"));
            Assert.Equal([4], await files.ReadFileAsync("/h"));
            Assert.Equal(1, (await files.StatisticsAsync()).ReplayedTransactions);
            await files.UnmountAsync();
            Assert.Equal("", Ext4Image.Check(repaired));
        }, _unlimited);
    }

    [Fact]
    public void ABlockThatIsRevokedIsNotReplayed()
    {
        var image = MakeDirty("", "^metadata_csum", out var content, revokes: true);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            Assert.NotEqual(content, (await files.ReadFileAsync("/f")).AsSpan(0, 4096).ToArray());
            Assert.Equal(2, (await files.StatisticsAsync()).ReplayedTransactions);
        });
    }

    [Fact]
    public void ATransactionThatIsNotWholeIsNotReplayed()
    {
        var image = MakeDirty("", "^metadata_csum", out var content, commits: false);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            Assert.NotEqual(content, (await files.ReadFileAsync("/f")).AsSpan(0, 4096).ToArray());
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        });
    }

    [Fact]
    public void AJournalThatDoesNotCountIsNotReplayed()
    {
        var image = MakeDirty("", "^metadata_csum", out var content, end: "feature -needs_recovery\n");
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image).Open();
            Assert.NotEqual(content, (await files.ReadFileAsync("/f")).AsSpan(0, 4096).ToArray());
            Assert.Equal(0, (await files.StatisticsAsync()).ReplayedTransactions);
            Assert.Equal("", Ext4Image.Check(await files.UnmountAsync()));
        });
    }

    [Fact]
    public void ADirtyJournalIsNotIgnoredWhenOnlyReading()
    {
        var image = MakeDirty("", "^metadata_csum", out _);
        TestSystem.Run(async test =>
        {
            var files = new FileSystemFixture(test, image, new FileSystemOptions { IsReadOnly = true }).Open();
            Assert.Contains("e2fsck", (await FileSystemFixture.FailsAsync(FileSystemError.ReadOnly, files.ListAsync("/"))).Message, StringComparison.Ordinal);
        });
    }

    /// <summary>An image whose journal has two transactions: the first writes a block of /f, which is one that begins as a block of a journal does.</summary>
    private static byte[] MakeDirty(string checksums, string features, out byte[] content, bool revokes = false, bool commits = true, string end = "")
    {
        var image = Ext4Image.Make($"-b 4096 -O ^orphan_file,{features}", 16, static folder => File.WriteAllText(Path.Combine(folder, "f"), new string('f', 8192)));
        var block = Ext4Image.Debug(image, "bmap /f 0\n").Split('\n').First(static line => line.Length > 0 && line.All(char.IsAsciiDigit));
        var other = Ext4Image.Debug(image, "bmap /f 1\n").Split('\n').First(static line => line.Length > 0 && line.All(char.IsAsciiDigit));
        content = new byte[4096];
        new Random(5).NextBytes(content);
        new byte[] { 0xC0, 0x3B, 0x39, 0x98 }.CopyTo(content, 0);
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("block"), content);
        Ext4Image.Debug(image, $"jo {checksums}\njw -b {block} {(commits ? "" : "-c ")}{folder.At("block")}\n{(revokes ? $"jw -r {block}\n" : commits ? $"jw -b {other} {folder.At("block")}\n" : "")}jc\n{end}");
        return image;
    }
}
