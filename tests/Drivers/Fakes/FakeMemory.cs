using System.Runtime.InteropServices;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>The memory that fake devices see: blocks at made-up addresses far apart, so that a wrong address hits nothing.</summary>
internal sealed class FakeMemory(ulong firstAddress = 0x1_0000_0000)
{
    private readonly SortedDictionary<ulong, FakeBlock> _blocks = [];
    private ulong _nextAddress = firstAddress;

    public FakeBlock Add(DmaArena arena, int length, int alignment)
    {
        _nextAddress = (_nextAddress + 0x100_0000) & ~0xFFFul;
        var block = new FakeBlock(arena, length, _nextAddress);
        Assert.Equal(0ul, _nextAddress % (ulong)alignment);
        _blocks.Add(_nextAddress, block);
        _nextAddress += (ulong)length;
        return block;
    }

    public void Remove(FakeBlock block) => Assert.True(_blocks.Remove(block.Address));

    /// <summary>What a device reaches at an address; anything outside a live block is a test failure.</summary>
    public Span<byte> At(ulong address, int length)
    {
        foreach (var (start, block) in _blocks)
        {
            if (address >= start && address + (ulong)length <= start + (ulong)block.Length)
            {
                return block.Bytes.AsSpan((int)(address - start), length);
            }
        }

        throw new InvalidOperationException($"The device touched 0x{address:x} + {length}, which is no DMA memory.");
    }

    public ushort Read16(ulong address) => Volatile.Read(ref MemoryMarshal.AsRef<ushort>(At(address, 2)));

    public uint Read32(ulong address) => Volatile.Read(ref MemoryMarshal.AsRef<uint>(At(address, 4)));

    public ulong Read64(ulong address) => MemoryMarshal.Read<ulong>(At(address, 8));

    public void Write16(ulong address, ushort value) => Volatile.Write(ref MemoryMarshal.AsRef<ushort>(At(address, 2)), value);

    public void Write32(ulong address, uint value) => Volatile.Write(ref MemoryMarshal.AsRef<uint>(At(address, 4)), value);
}
