using Troupe.Tools.Testing.Power;

namespace Troupe.Tools.Tests.Power;

/// <summary>What a power cut leaves of a disk: docs/storage.md, rules 3 and 5.</summary>
public sealed class VolatileDiskTests
{
    private const int Seeds = 200;

    [Fact]
    public void WhatWasFlushedSurvives()
    {
        foreach (var seed in Enumerable.Range(0, Seeds))
        {
            var disk = new VolatileDisk(2);
            Write(disk, 0, 1);
            Write(disk, 0, 2);
            disk.Flush();
            disk.CutPower(new Random(seed));
            Assert.Equal(2, Read(disk, 0));
        }
    }

    [Fact]
    public void OfASectorAnyOfWhatWasWrittenSinceMayBeLeftAndNothingElse()
    {
        var left = Enumerable.Range(0, Seeds).Select(static seed =>
        {
            var disk = new VolatileDisk(2);
            Write(disk, 1, 1);
            disk.Flush();
            Write(disk, 1, 2);
            Write(disk, 1, 3);
            disk.CutPower(new Random(seed));
            Assert.Equal(0, disk.Unflushed);
            return Read(disk, 1);
        });
        Assert.Equal([1, 2, 3], left.Distinct().Order());
    }

    [Fact]
    public void AWriteIsTornAndALaterOneSurvivesAnEarlier()
    {
        var left = Enumerable.Range(0, Seeds).Select(static seed =>
        {
            var disk = new VolatileDisk(3);
            disk.Write(0, [.. Enumerable.Repeat((byte)1, 2 * VolatileDisk.SectorSize)]);
            Write(disk, 2, 1);
            disk.CutPower(new Random(seed));
            return (Read(disk, 0), Read(disk, 1), Read(disk, 2));
        }).ToHashSet();
        Assert.Contains((1, 0, 0), left);
        Assert.Contains((0, 1, 0), left);
        Assert.Contains((0, 0, 1), left);
        Assert.Contains((1, 1, 1), left);
        Assert.Contains((0, 0, 0), left);
    }

    [Fact]
    public void ASeedLeavesTheSameAgain()
    {
        int[] Left(int seed)
        {
            var disk = new VolatileDisk(64);
            for (var write = 0; write < 200; write++)
            {
                Write(disk, write * 7 % 64, (byte)write);
            }

            disk.CutPower(new Random(seed));
            return [.. Enumerable.Range(0, 64).Select(sector => Read(disk, sector))];
        }

        Assert.Equal(Left(3), Left(3));
    }

    [Fact]
    public void OnADiskWhoseFlushDoesNothingWhatWasFlushedIsLost() => Assert.Contains(0, Enumerable.Range(0, Seeds).Select(static seed =>
    {
        var disk = new VolatileDisk(1, flushes: false);
        Write(disk, 0, 1);
        disk.Flush();
        disk.CutPower(new Random(seed));
        return Read(disk, 0);
    }));

    private static void Write(VolatileDisk disk, int sector, byte value) =>
        disk.Write(sector * VolatileDisk.SectorSize, [.. Enumerable.Repeat(value, VolatileDisk.SectorSize)]);

    private static int Read(VolatileDisk disk, int sector)
    {
        var bytes = new byte[VolatileDisk.SectorSize];
        disk.Read(sector * VolatileDisk.SectorSize, bytes);
        Assert.Single(bytes.Distinct());
        return bytes[0];
    }
}
