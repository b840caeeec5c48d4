using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Power;

namespace Troupe.Tools.Tests.Power;

/// <summary>What Linux's tools say to a disk of files.</summary>
public sealed class Ext4DiskTests
{
    [Fact]
    public async Task AnEmptyFileSystemIsWhole()
    {
        var disk = await Ext4Disk.MakeAsync(flushes: true, CancellationToken.None);
        await Ext4Disk.CheckAsync(disk, CancellationToken.None);
        await Ext4Disk.CheckReplayedAsync(disk, CancellationToken.None);
    }

    [Fact]
    public async Task ADirectoryThatIsGoneIsFound()
    {
        var disk = await DamagedAsync();
        Assert.Contains("e2fsck -fn finds", (await Assert.ThrowsAsync<UserError>(() => Ext4Disk.CheckAsync(disk, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADirectoryThatIsGoneIsFoundAfterAReplay()
    {
        var disk = await DamagedAsync();
        Assert.Contains("finds", (await Assert.ThrowsAsync<UserError>(() => Ext4Disk.CheckReplayedAsync(disk, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    /// <summary>Where the root directory has its entries there are zeroes.</summary>
    private static async Task<VolatileDisk> DamagedAsync()
    {
        var disk = await Ext4Disk.MakeAsync(flushes: true, CancellationToken.None);
        var entry = disk.Content.Span.IndexOf("lost+found"u8);
        Assert.True(entry > 0);
        disk.Write(entry / VolatileDisk.SectorSize * VolatileDisk.SectorSize, new byte[VolatileDisk.SectorSize]);
        disk.Flush();
        return disk;
    }
}
