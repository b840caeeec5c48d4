using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>What a client of a block device needs to know to use it. A device that grows or is reset is described anew: ask again.</summary>
[Sendable]
public sealed record BlockDeviceInformation
{
    /// <summary>Bytes of a sector, the unit of all addresses and counts, whatever the device's own blocks are.</summary>
    public const int SectorSize = 512;

    /// <summary>Where the device is, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>Sectors of the device.</summary>
    public required long SectorCount { get; init; }

    /// <summary>Bytes of a block, a power of two and a multiple of a sector: each operation is on whole blocks, and a torn write leaves each block old or new.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Bytes that the device writes at a time in truth: less costs it a read. At least <see cref="BlockSize"/>.</summary>
    public required int PhysicalBlockSize { get; init; }

    /// <summary>The most bytes of one operation: a whole number of blocks, and no more than a buffer of <see cref="Buffers"/>.</summary>
    public required int MaximumTransfer { get; init; }

    /// <summary>The most sectors of one discard; 0 if the device takes none.</summary>
    public required int MaximumDiscardSectors { get; init; }

    /// <summary>Whether the device refuses writes.</summary>
    public required bool IsReadOnly { get; init; }

    /// <summary>Whether completed writes may be lost with the power until they are flushed. Where not, a flush is done at once. Clients flush either way.</summary>
    public required bool HasVolatileCache { get; init; }

    /// <summary>How often the device was started, this time included: see <see cref="BlockBatch.Incarnation"/>.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Where buffers are rented; the device takes no others.</summary>
    public required BlockBufferPool Buffers { get; init; }

    /// <summary>
    /// What the device has to say to an operation before it begins: <see cref="BlockStatus.Pending"/> if nothing. Every driver answers by this, so that all refuse the same.
    /// </summary>
    public BlockStatus Check(in BlockOperation operation, [Borrowed] BlockBuffer buffer)
    {
        var sectorsPerBlock = BlockSize / SectorSize;
        if (operation.FirstSector % sectorsPerBlock != 0 || operation.SectorCount % sectorsPerBlock != 0)
        {
            return BlockStatus.Invalid;
        }

        if (operation.Kind == BlockOperationKind.Discard)
        {
            if (MaximumDiscardSectors == 0)
            {
                return BlockStatus.Unsupported;
            }

            if (operation.SectorCount > MaximumDiscardSectors)
            {
                return BlockStatus.Invalid;
            }
        }
        else if ((long)operation.SectorCount * SectorSize > MaximumTransfer || !ReferenceEquals(buffer.Pool, Buffers))
        {
            return BlockStatus.Invalid;
        }

        if (operation.FirstSector > SectorCount - operation.SectorCount)
        {
            return BlockStatus.OutOfRange;
        }

        return IsReadOnly && operation.Kind != BlockOperationKind.Read ? BlockStatus.ReadOnly : BlockStatus.Pending;
    }
}
