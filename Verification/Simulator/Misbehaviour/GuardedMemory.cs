using System.Runtime.InteropServices;
using Troupe.Core.Capabilities;

namespace Troupe.Verification.Simulator;

/// <summary>
/// The memory that a driver and its device share, a guard region before and after each block. Below the checks of <see cref="DmaBlock"/> it has checks of its own, that say what got past them:
/// an access outside of a block goes on into the guards, and is told. So is whatever the device does outside of what it was shown, and in memory that was freed.
/// </summary>
internal sealed class GuardedMemory
{
    /// <summary>As long as the longest access that an offset of a ring can be wrong by is not known, a few lines of a cache.</summary>
    public const int GuardLength = 256;

    private const byte Freed = 0xDB;
    private static readonly byte[] _pattern = Pattern();

    private readonly List<GuardedBlock> _blocks = [];
    private readonly List<GuardedBlock> _freed = [];
    // Below 4 GiB, as all arenas of a machine are.
    private ulong _next = 0x1000_0000;

    /// <summary>What happened outside of the blocks.</summary>
    public List<string> Outside { get; } = [];

    /// <summary>Accesses that were looked at.</summary>
    public long Accesses { get; set; }

    public GuardedBlock Add(DmaArena arena, int length)
    {
        // Far from each other, so that a wrong address hits nothing.
        _next = (_next + 0x10_0000) & ~0xFFFul;
        GuardedBlock block = new(this, arena, length, _next);
        _pattern.CopyTo(block.Bytes, 0);
        _pattern.CopyTo(block.Bytes, GuardLength + length);
        _blocks.Add(block);
        _next += (ulong)length;
        return block;
    }

    public void Free(GuardedBlock block)
    {
        CheckGuards(block);
        _blocks.Remove(block);
        block.Payload.Fill(Freed);
        _freed.Add(block);
    }

    /// <summary>What the device reaches at an address that it was shown.</summary>
    public Span<byte> At(ulong address, int length)
    {
        Accesses++;
        foreach (GuardedBlock block in _blocks)
        {
            if (block.Reaches(address, length))
                return Within(block, address, length);
        }

        foreach (GuardedBlock block in _freed)
        {
            if (!block.Reaches(address, length))
                continue;
            Tell($"the device was shown, or kept, memory that was freed: 0x{address:x} + {length}");
            return Within(block, address, length);
        }

        Tell($"the device was shown 0x{address:x} + {length}, which is no memory of its own");
        return new byte[length];
    }

    public ushort Read16(ulong address) => MemoryMarshal.Read<ushort>(At(address, 2));

    public uint Read32(ulong address) => MemoryMarshal.Read<uint>(At(address, 4));

    public ulong Read64(ulong address) => MemoryMarshal.Read<ulong>(At(address, 8));

    public void Write16(ulong address, ushort value) => MemoryMarshal.Write(At(address, 2), value);

    public void Write32(ulong address, uint value) => MemoryMarshal.Write(At(address, 4), value);

    public void Tell(string what)
    {
        if (Outside.Count < 10)
            Outside.Add(what);
    }

    /// <summary>Whether every guard is as it was, and, with <paramref name="freedToo"/>, all that was freed.</summary>
    public void Check(bool freedToo)
    {
        foreach (GuardedBlock block in _blocks)
            CheckGuards(block);
        foreach (GuardedBlock block in _freed)
        {
            CheckGuards(block);
            if (freedToo && block.Payload.ContainsAnyExcept(Freed))
                Tell($"the block of {block.Length} octets at 0x{block.Address:x} was written to after it was freed");
        }

        if (Outside.Count > 0)
            throw new InvariantException($"Outside of the arena: {Outside[0]}.");
    }

    private void CheckGuards(GuardedBlock block)
    {
        if (!block.Bytes.AsSpan(0, GuardLength).SequenceEqual(_pattern) || !block.Bytes.AsSpan(GuardLength + block.Length).SequenceEqual(_pattern))
            Tell($"a guard of the block of {block.Length} octets at 0x{block.Address:x} was changed");
    }

    private Span<byte> Within(GuardedBlock block, ulong address, int length)
    {
        long offset = (long)(address - block.Address);
        if (offset < 0 || offset + length > block.Length)
            Tell($"the device was shown {length} octets at {offset} of a block of {block.Length}");
        return block.Bytes.AsSpan(GuardLength + (int)offset, length);
    }

    private static byte[] Pattern()
    {
        byte[] pattern = new byte[GuardLength];
        new Random(GuardLength).NextBytes(pattern);
        return pattern;
    }
}

/// <summary>Memory that driver and device share, between its guards.</summary>
internal sealed class GuardedBlock(GuardedMemory memory, DmaArena arena, int length, ulong address) : DmaBlock(arena, length)
{
    /// <summary>The guards included.</summary>
    public byte[] Bytes { get; } = new byte[length + (2 * GuardedMemory.GuardLength)];

    public ulong Address { get; } = address;

    public Span<byte> Payload => Bytes.AsSpan(GuardedMemory.GuardLength, Length);

    public override Memory<byte> Memory => Bytes.AsMemory(GuardedMemory.GuardLength, Length);

    /// <summary>Whether all of it is in the block or its guards.</summary>
    public bool Reaches(ulong start, int count) =>
        start >= Address - GuardedMemory.GuardLength && start + (ulong)count <= Address + (ulong)Length + GuardedMemory.GuardLength;

    protected override ushort ReadUInt16AcquireCore(int offset) => Ref<ushort>(offset, 2);

    protected override uint ReadUInt32AcquireCore(int offset) => Ref<uint>(offset, 4);

    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Ref<ushort>(offset, 2) = value;

    protected override void WriteUInt32ReleaseCore(int offset, uint value) => Ref<uint>(offset, 4) = value;

    protected override ushort ReadUInt16Core(int offset) => Ref<ushort>(offset, 2);

    protected override uint ReadUInt32Core(int offset) => Ref<uint>(offset, 4);

    protected override void WriteUInt16Core(int offset, ushort value) => Ref<ushort>(offset, 2) = value;

    protected override void WriteUInt32Core(int offset, uint value) => Ref<uint>(offset, 4) = value;

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) =>
        Ref<ulong>(offset, 8) = ((GuardedBlock)target).Address + (ulong)targetOffset;

    private ref T Ref<T>(int offset, int size) where T : struct
    {
        memory.Accesses++;
        if (offset < 0 || offset > Length - size)
            memory.Tell($"the driver reached {size} octets at {offset} of a block of {Length}");
        return ref MemoryMarshal.AsRef<T>(Bytes.AsSpan(GuardedMemory.GuardLength + offset));
    }
}

/// <summary>Gives a driver its memory.</summary>
internal sealed class GuardedArena(GuardedMemory memory, long limit) : DmaArena(limit)
{
    protected override DmaBlock AllocateCore(int length, int alignment) => memory.Add(this, length);

    protected override void FreeCore(DmaBlock block) => memory.Free((GuardedBlock)block);
}
