namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="BlockOperation"/> does.</summary>
public enum BlockOperationKind : byte
{
    /// <summary>Nothing; the default value.</summary>
    None,

    /// <summary>Fills the buffer from the sectors.</summary>
    Read,

    /// <summary>Fills the sectors from the buffer.</summary>
    Write,

    /// <summary>Says that what the sectors hold is no longer needed; what they hold afterwards is anything, until they are written.</summary>
    Discard,
}

/// <summary>One operation of a <see cref="BlockBatch"/>, without its buffer.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="FirstSector">Where it begins, in sectors of <see cref="BlockDeviceInformation.SectorSize"/> bytes.</param>
/// <param name="SectorCount">How many sectors.</param>
/// <param name="Status">What became of it.</param>
public readonly record struct BlockOperation(BlockOperationKind Kind, long FirstSector, int SectorCount, BlockStatus Status);
