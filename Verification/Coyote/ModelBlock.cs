using System.Buffers.Binary;
using Troupe.Core.Capabilities;

namespace Troupe.Verification.Coyote;

/// <summary>Memory that a driver shares with a model of its device.</summary>
internal sealed class ModelBlock(DmaArena arena, byte[] bytes) : DmaBlock(arena, bytes.Length)
{
    private readonly byte[] _bytes = bytes;
    private (DmaBlock, int)[]? _addresses;

    public override Memory<byte> Memory => _bytes;

    /// <summary>Where the descriptors point to, by the offset of each.</summary>
    public (DmaBlock Block, int Offset)[] Addresses => _addresses ??= new (DmaBlock, int)[Length];

    /// <summary>The same memory as the device has it, which reaches it until it was reset, whoever has given it back.</summary>
    public ModelBlock DeviceSide() => new(Arena, _bytes);

    public ushort Read16(int offset)
    {
        VirtioModel.Point();
        return BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));
    }

    public void Write16(int offset, ushort value)
    {
        VirtioModel.Point();
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(offset), value);
    }

    protected override ushort ReadUInt16AcquireCore(int offset) => Read16(offset);

    protected override uint ReadUInt32AcquireCore(int offset) => ReadUInt32Core(offset);

    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Write16(offset, value);

    protected override void WriteUInt32ReleaseCore(int offset, uint value) => WriteUInt32Core(offset, value);

    protected override ushort ReadUInt16Core(int offset) => Read16(offset);

    protected override uint ReadUInt32Core(int offset)
    {
        VirtioModel.Point();
        return BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));
    }

    protected override void WriteUInt16Core(int offset, ushort value) => Write16(offset, value);

    protected override void WriteUInt32Core(int offset, uint value)
    {
        VirtioModel.Point();
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);
    }

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => Addresses[offset] = (target, targetOffset);
}

/// <summary>Gives out such memory.</summary>
internal sealed class ModelArena() : DmaArena(1 << 26)
{
    protected override DmaBlock AllocateCore(int length, int alignment) => new ModelBlock(this, new byte[length]);

    protected override void FreeCore(DmaBlock block)
    {
    }
}
