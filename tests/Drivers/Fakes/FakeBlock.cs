using System.Runtime.InteropServices;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

internal sealed class FakeBlock(DmaArena arena, int length, ulong address) : DmaBlock(arena, length)
{
    public byte[] Bytes { get; } = new byte[length];

    public ulong Address { get; } = address;

    public uint AddressIn32Bits(int offset) => Address + (ulong)Length - 1 <= uint.MaxValue
        ? (uint)Address + (uint)offset
        : throw new CapabilityException("The block lies above 4 GiB.");

    public override Memory<byte> Memory => Bytes;

    protected override ushort ReadUInt16AcquireCore(int offset) => Volatile.Read(ref Ref<ushort>(offset));

    protected override uint ReadUInt32AcquireCore(int offset) => Volatile.Read(ref Ref<uint>(offset));

    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Volatile.Write(ref Ref<ushort>(offset), value);

    protected override void WriteUInt32ReleaseCore(int offset, uint value) => Volatile.Write(ref Ref<uint>(offset), value);

    protected override ushort ReadUInt16Core(int offset) => Ref<ushort>(offset);

    protected override uint ReadUInt32Core(int offset) => Ref<uint>(offset);

    protected override void WriteUInt16Core(int offset, ushort value) => Ref<ushort>(offset) = value;

    protected override void WriteUInt32Core(int offset, uint value) => Ref<uint>(offset) = value;

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        Ref<ulong>(offset) = ((FakeBlock)target).Address + (ulong)targetOffset;

    private ref T Ref<T>(int offset) where T : struct => ref MemoryMarshal.AsRef<T>(Bytes.AsSpan(offset));
}
