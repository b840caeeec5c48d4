// xen/include/public/io/blkif.h: which nodes the two halves of a disk read of each other.
using System.Globalization;
using System.Numerics;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>What xenstore knows of a disk. For one actor.</summary>
internal sealed class BlkFrontConnection(ActorRef<XenStoreMessage> store, string path) : XenBusConnection(store, path)
{
    // VDISK_READONLY, a bit of the node "info".
    private const long ReadOnly = 4;

    /// <summary>Larger than any disk's, so that a hint that is nonsense does no harm.</summary>
    private const int LargestBlock = 64 * 1024;

    /// <summary>Tells the other half all it needs to begin with the rings. False: xenstore took some of it not.</summary>
    public async ValueTask<bool> ConnectAsync(BlkFrontNumbers[] queues) =>
        // The same pages are granted for as long as the connection lasts, so the other half may keep them mapped.
        await WriteQueuesAsync(queues)
        && await WriteAsync("protocol", "x86_64-abi")
        && await WriteAsync("feature-persistent", 1)
        && await WriteAsync("state", (long)XenBusState.Initialised);

    /// <summary>What the other half says of the disk, once it is connected.</summary>
    /// <exception cref="XenViolationException">It makes no sense.</exception>
    public async ValueTask<BlkFrontProperties> ReadPropertiesAsync()
    {
        var sectors = await ReadSectorCountAsync();
        var size = await ReadNumberAsync("sector-size");
        // Of larger sectors some versions of the header count in 512 bytes, and some in sectors; Xen's own rule is that a disk has none unless its front end asks for them.
        if (size != BlockDeviceInformation.SectorSize)
        {
            throw new XenViolationException($"{Path} has sectors of {size?.ToString(CultureInfo.InvariantCulture) ?? "no known number of"} bytes; {BlockDeviceInformation.SectorSize} are needed.");
        }

        var physical = await ReadNumberAsync("physical-sector-size") ?? 0;
        return new BlkFrontProperties(
            sectors,
            physical is >= BlockDeviceInformation.SectorSize and <= LargestBlock && BitOperations.IsPow2(physical) ? (int)physical : BlockDeviceInformation.SectorSize,
            ((await ReadNumberAsync("info") ?? 0) & ReadOnly) != 0,
            await ReadNumberAsync("feature-flush-cache") == 1,
            await ReadNumberAsync("feature-discard") == 1,
            (int)Math.Min(await ReadNumberAsync("feature-max-indirect-segments") ?? 0, int.MaxValue));
    }

    /// <summary>Sectors of the disk; so many that no byte's number overflows.</summary>
    /// <exception cref="XenViolationException">There is no such number.</exception>
    public async ValueTask<long> ReadSectorCountAsync() =>
        Math.Min(await ReadNumberAsync("sectors") ?? throw new XenViolationException($"{Path} has no known number of sectors."), long.MaxValue / BlockDeviceInformation.SectorSize);

    private async ValueTask<bool> WriteQueuesAsync(BlkFrontNumbers[] queues)
    {
        if (!await WriteQueueCountAsync(queues.Length))
        {
            return false;
        }

        for (var index = 0; index < queues.Length; index++)
        {
            var prefix = QueuePrefix(index, queues.Length);
            if (!await WriteAsync($"{prefix}ring-ref", queues[index].Ring) || !await WriteAsync($"{prefix}event-channel", queues[index].Channel))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<long?> ReadNumberAsync(string node) =>
        long.TryParse(await ReadOtherAsync(node), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>What the other half is told to connect a queue by.</summary>
/// <param name="Ring">Grant of the ring.</param>
/// <param name="Channel">Port of the event channel.</param>
internal readonly record struct BlkFrontNumbers(uint Ring, uint Channel);

/// <summary>What the other half says of a disk.</summary>
/// <param name="SectorCount">Its sectors.</param>
/// <param name="PhysicalBlockSize">Bytes that it writes at a time in truth.</param>
/// <param name="IsReadOnly">Whether it cannot be written.</param>
/// <param name="HasFlush">Whether it has a cache that can be flushed.</param>
/// <param name="HasDiscard">Whether it takes discards.</param>
/// <param name="IndirectSegments">The most segments of a request that has them in a page of their own; 0 if it takes none such.</param>
internal readonly record struct BlkFrontProperties(long SectorCount, int PhysicalBlockSize, bool IsReadOnly, bool HasFlush, bool HasDiscard, int IndirectSegments);
