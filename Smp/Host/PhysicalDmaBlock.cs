using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>Frames that follow each other, identity-mapped: the address of the processor is the address of the device.</summary>
internal sealed unsafe class PhysicalDmaBlock : DmaBlock
{
    private readonly byte* _address;
    private readonly PhysicalMemoryOwner _owner;

    internal PhysicalDmaBlock(DmaArena arena, byte* address, int length) : base(arena, length)
    {
        _address = address;
        _owner = new PhysicalMemoryOwner(address, length);
    }

    /// <inheritdoc/>
    public override Memory<byte> Memory => _owner.Memory;

    internal byte* Address => _address;

    /// <summary>The device-visible address of a block, for descriptors and registers; drivers never see it.</summary>
    internal static ulong AddressOf(DmaBlock block) =>
        block is PhysicalDmaBlock physical ? (ulong)physical._address : throw new CapabilityException("The block is not of this machine.");

    /// <summary>The address of a byte of a block in 32 bits, for devices that have no more.</summary>
    internal static uint AddressIn32Bits(DmaBlock block, int offset)
    {
        ulong start = AddressOf(block);
        return start + (ulong)block.Length - 1 <= uint.MaxValue
            ? (uint)start + (uint)offset
            : throw new CapabilityException("The block lies above 4 GiB, where the device cannot reach it.");
    }

    /// <inheritdoc/>
    protected override ushort ReadUInt16AcquireCore(int offset) => Volatile.Read(ref *(ushort*)(_address + offset));

    /// <inheritdoc/>
    protected override uint ReadUInt32AcquireCore(int offset) => Volatile.Read(ref *(uint*)(_address + offset));

    /// <inheritdoc/>
    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Volatile.Write(ref *(ushort*)(_address + offset), value);

    /// <inheritdoc/>
    protected override void WriteUInt32ReleaseCore(int offset, uint value) => Volatile.Write(ref *(uint*)(_address + offset), value);

    /// <inheritdoc/>
    protected override ushort ReadUInt16Core(int offset) => *(ushort*)(_address + offset);

    /// <inheritdoc/>
    protected override uint ReadUInt32Core(int offset) => *(uint*)(_address + offset);

    /// <inheritdoc/>
    protected override void WriteUInt16Core(int offset, ushort value) => *(ushort*)(_address + offset) = value;

    /// <inheritdoc/>
    protected override void WriteUInt32Core(int offset, uint value) => *(uint*)(_address + offset) = value;

    /// <inheritdoc/>
    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        *(ulong*)(_address + offset) = AddressOf(target) + (ulong)targetOffset;
}
