using System.Buffers.Binary;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>A window over plain bytes.</summary>
internal sealed class FakeWindow(int length) : RegisterWindow(length)
{
    public byte[] Bytes { get; } = new byte[length];

    protected override byte Read8Core(int offset) => Bytes[offset];

    protected override ushort Read16Core(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(offset));

    protected override uint Read32Core(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(offset));

    protected override void Write8Core(int offset, byte value) => Bytes[offset] = value;

    protected override void Write16Core(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(offset), value);

    protected override void Write32Core(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(offset), value);

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(offset), ((FakeBlock)target).Address + (ulong)targetOffset);

    protected override void StoreAddress32Core(int offset, DmaBlock target, int targetOffset) =>
        BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(offset), ((FakeBlock)target).AddressIn32Bits(targetOffset));
}
