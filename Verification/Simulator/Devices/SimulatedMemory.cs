using System.Runtime.InteropServices;
using Troupe.Core.Capabilities;

namespace Troupe.Verification.Simulator;

/// <summary>What a device sees of a host's memory: the blocks that its driver allocated, far apart, so that a wrong address hits nothing.</summary>
internal sealed class SimulatedMemory
{
    private readonly SortedList<ulong, SimulatedBlock> _blocks = [];
    private ulong _next = 0x1_0000_0000;
    private SimulatedBlock? _recent;

    public SimulatedBlock Add(DmaArena arena, int length)
    {
        _next = (_next + 0x100_0000) & ~0xFFFul;
        SimulatedBlock block = new(arena, length, _next);
        _blocks.Add(_next, block);
        _next += (ulong)length;
        return block;
    }

    public void Remove(SimulatedBlock block)
    {
        _blocks.Remove(block.Address);
        _recent = null;
    }

    public Span<byte> At(ulong address, int length)
    {
        if (_recent is { } recent && recent.Holds(address, length))
            return recent.Bytes.AsSpan((int)(address - recent.Address), length);
        foreach (SimulatedBlock block in _blocks.Values)
        {
            if (!block.Holds(address, length))
                continue;
            _recent = block;
            return block.Bytes.AsSpan((int)(address - block.Address), length);
        }

        throw new InvariantException($"The device was shown 0x{address:x} + {length}, which is no memory of its own.");
    }

    public ushort Read16(ulong address) => MemoryMarshal.Read<ushort>(At(address, 2));

    public uint Read32(ulong address) => MemoryMarshal.Read<uint>(At(address, 4));

    public ulong Read64(ulong address) => MemoryMarshal.Read<ulong>(At(address, 8));

    public void Write16(ulong address, ushort value) => MemoryMarshal.Write(At(address, 2), value);

    public void Write32(ulong address, uint value) => MemoryMarshal.Write(At(address, 4), value);
}

/// <summary>Memory that driver and device share.</summary>
internal sealed class SimulatedBlock(DmaArena arena, int length, ulong address) : DmaBlock(arena, length)
{
    public byte[] Bytes { get; } = new byte[length];

    public ulong Address { get; } = address;

    public override Memory<byte> Memory => Bytes;

    public bool Holds(ulong start, int count) => start >= Address && start + (ulong)count <= Address + (ulong)Bytes.Length;

    protected override ushort ReadUInt16AcquireCore(int offset) => Ref<ushort>(offset);

    protected override uint ReadUInt32AcquireCore(int offset) => Ref<uint>(offset);

    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Ref<ushort>(offset) = value;

    protected override void WriteUInt32ReleaseCore(int offset, uint value) => Ref<uint>(offset) = value;

    protected override ushort ReadUInt16Core(int offset) => Ref<ushort>(offset);

    protected override uint ReadUInt32Core(int offset) => Ref<uint>(offset);

    protected override void WriteUInt16Core(int offset, ushort value) => Ref<ushort>(offset) = value;

    protected override void WriteUInt32Core(int offset, uint value) => Ref<uint>(offset) = value;

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        Ref<ulong>(offset) = ((SimulatedBlock)target).Address + (ulong)targetOffset;

    private ref T Ref<T>(int offset) where T : struct => ref MemoryMarshal.AsRef<T>(Bytes.AsSpan(offset));
}

/// <summary>Gives a driver its memory, or refuses it when the plan says so.</summary>
internal sealed class SimulatedArena(SimulatedMemory memory, long limit) : DmaArena(limit)
{
    /// <summary>How many of the next requests are refused.</summary>
    public int Refusals { get; set; }

    protected override DmaBlock AllocateCore(int length, int alignment)
    {
        if (Refusals == 0)
            return memory.Add(this, length);
        Refusals--;
        throw new CapabilityException("There is no memory: the plan refused it.");
    }

    protected override void FreeCore(DmaBlock block) => memory.Remove((SimulatedBlock)block);
}
