namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="BlockBuffer"/> handle names: a fixed piece of the pool's memory.</summary>
internal sealed class BlockBufferSlot : PoolSlot
{
    public required BlockBufferPool Pool { get; init; }

    public required Memory<byte> Bytes { get; init; }
}
