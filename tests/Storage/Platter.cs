using Troupe.Drivers.Contracts;

namespace Troupe.Storage.Tests;

/// <summary>
/// What a disk keeps: sectors that are durable, and a cache of sectors that were written since. A power cut leaves of each sector what was durable or any of what was written to it
/// since, chosen sector by sector: so writes are lost, kept, torn and reordered.
/// </summary>
/// <param name="sectors">Its size.</param>
/// <param name="random">What a power cut leaves.</param>
/// <param name="flushes">Whether a flush does anything.</param>
internal sealed class Platter(int sectors, Random random, bool flushes = true)
{
    private readonly List<(long Sector, byte[] Bytes)> _cache = [];

    public byte[] Durable { get; } = new byte[sectors * BlockDeviceInformation.SectorSize];

    public long SectorCount => sectors;

    public int Unflushed => _cache.Count;

    public void Write(long sector, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[BlockDeviceInformation.SectorSize..])
        {
            _cache.Add((sector++, bytes[..BlockDeviceInformation.SectorSize].ToArray()));
        }
    }

    /// <summary>Writes some of the sectors, as a write does that is interrupted.</summary>
    public void Tear(long sector, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[BlockDeviceInformation.SectorSize..], sector++)
        {
            if (random.Next(2) == 0)
            {
                Write(sector, bytes[..BlockDeviceInformation.SectorSize]);
            }
        }
    }

    public void Read(long sector, Span<byte> into)
    {
        for (; into.Length > 0; into = into[BlockDeviceInformation.SectorSize..], sector++)
        {
            var cached = _cache.FindLastIndex(entry => entry.Sector == sector);
            (cached >= 0 ? _cache[cached].Bytes : DurableSector(sector)).CopyTo(into);
        }
    }

    public void Flush()
    {
        if (!flushes)
        {
            return;
        }

        foreach (var (sector, bytes) in _cache)
        {
            bytes.CopyTo(DurableSector(sector));
        }

        _cache.Clear();
    }

    public void CutPower()
    {
        foreach (var versions in _cache.GroupBy(static entry => entry.Sector).ToList())
        {
            var kept = random.Next(versions.Count() + 1);
            if (kept > 0)
            {
                versions.ElementAt(kept - 1).Bytes.CopyTo(DurableSector(versions.Key));
            }
        }

        _cache.Clear();
    }

    private Span<byte> DurableSector(long sector) =>
        Durable.AsSpan((int)sector * BlockDeviceInformation.SectorSize, BlockDeviceInformation.SectorSize);
}
