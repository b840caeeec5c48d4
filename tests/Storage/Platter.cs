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
    private readonly Dictionary<long, byte[]> _newest = [];

    public byte[] Durable { get; } = new byte[sectors * BlockDeviceInformation.SectorSize];

    public long SectorCount => sectors;

    public int Unflushed => _cache.Count;

    public void Write(long sector, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[BlockDeviceInformation.SectorSize..])
        {
            var written = bytes[..BlockDeviceInformation.SectorSize].ToArray();
            _newest[sector] = written;
            _cache.Add((sector++, written));
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
            (_newest.TryGetValue(sector, out var cached) ? cached : DurableSector(sector)).CopyTo(into);
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
        _newest.Clear();
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
        _newest.Clear();
    }

    private Span<byte> DurableSector(long sector) =>
        Durable.AsSpan((int)sector * BlockDeviceInformation.SectorSize, BlockDeviceInformation.SectorSize);
}
