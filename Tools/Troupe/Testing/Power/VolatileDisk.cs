namespace Troupe.Tools.Testing.Power;

/// <summary>
/// A disk with a volatile cache: what is durable, and what was written since. A power cut leaves of each sector what was durable or any of what was written to it since
/// (docs/storage.md, rule 5): nothing of the cache, all of it, what was there at a moment before, or of each sector something else, so that writes are lost, kept, torn and reordered.
/// </summary>
/// <param name="sectors">Its size.</param>
/// <param name="flushes">Whether a flush does anything. A disk on which it does nothing is what a test has to find out.</param>
public sealed class VolatileDisk(int sectors, bool flushes = true)
{
    /// <summary>Bytes that are never half old and half new.</summary>
    public const int SectorSize = 512;

    private readonly byte[] _durable = new byte[sectors * SectorSize];

    // In the order of their sectors, so that a seed leaves the same again.
    private readonly SortedDictionary<int, List<Version>> _cache = [];
    private long _writes;

    /// <summary>Bytes of the disk.</summary>
    public long Length => _durable.Length;

    /// <summary>Sectors that a power cut may change.</summary>
    public int Unflushed => _cache.Count;

    /// <summary>What is durable.</summary>
    public ReadOnlyMemory<byte> Content => _durable;

    /// <summary>A disk that begins with a file's content.</summary>
    public static VolatileDisk Load(string file, bool flushes = true)
    {
        var content = File.ReadAllBytes(file);
        var disk = new VolatileDisk(content.Length / SectorSize, flushes);
        content.CopyTo(disk._durable, 0);
        return disk;
    }

    /// <summary>Reads whole sectors, the newest of each.</summary>
    public void Read(long offset, Span<byte> into)
    {
        for (var sector = First(offset, into.Length); into.Length > 0; into = into[SectorSize..], sector++)
        {
            (_cache.TryGetValue(sector, out var versions) ? versions[^1].Bytes : Durable(sector)).CopyTo(into);
        }
    }

    /// <summary>Writes whole sectors into the cache.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        _writes++;
        for (var sector = First(offset, bytes.Length); bytes.Length > 0; bytes = bytes[SectorSize..], sector++)
        {
            if (!_cache.TryGetValue(sector, out var versions))
            {
                _cache.Add(sector, versions = []);
            }

            versions.Add(new Version(_writes, bytes[..SectorSize].ToArray()));
        }
    }

    /// <summary>Makes whole sectors durable, and nothing else: what a write with FUA asks for.</summary>
    public void MakeDurable(long offset, long length)
    {
        for (var sector = First(offset, length); flushes && length > 0; length -= SectorSize, sector++)
        {
            if (_cache.Remove(sector, out var versions))
            {
                versions[^1].Bytes.CopyTo(Durable(sector));
            }
        }
    }

    /// <summary>Makes everything durable.</summary>
    public void Flush() => MakeDurable(0, Length);

    /// <summary>The power goes: what the cache held is decided by chance, and the cache is empty.</summary>
    public void CutPower(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var kind = random.Next(4);
        var moment = random.NextInt64(_writes + 1);
        foreach (var (sector, versions) in _cache)
        {
            var kept = kind switch
            {
                0 => 0,
                1 => versions.Count,
                2 => versions.FindLastIndex(version => version.Write <= moment) + 1,
                _ => random.Next(versions.Count + 1),
            };
            if (kept > 0)
            {
                versions[kept - 1].Bytes.CopyTo(Durable(sector));
            }
        }

        _cache.Clear();
    }

    private static int First(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % SectorSize, 0, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % SectorSize, 0, nameof(length));
        return (int)(offset / SectorSize);
    }

    private Span<byte> Durable(int sector) => _durable.AsSpan(sector * SectorSize, SectorSize);

    /// <summary>What a sector was made by a write.</summary>
    private readonly record struct Version(long Write, byte[] Bytes);
}
