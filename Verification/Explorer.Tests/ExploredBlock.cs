using Troupe.Core.Capabilities;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// Memory that a driver shares with its device, in the explorer: each access of either side is a step of the schedule. A location is a 16-bit or a 32-bit value, the same for both sides; an address
/// is the offset in the one block that there is besides.
/// </summary>
internal sealed class ExploredBlock(DmaArena arena, int length, RingDefect defect) : DmaBlock(arena, length)
{
    private readonly int[] _cells = new int[(length + 1) / 2];
    private readonly byte[] _widths = new byte[(length + 1) / 2];

    public override Memory<byte> Memory => throw new NotSupportedException("what is shared here has words only");

    /// <summary>Names a location in step lists.</summary>
    public void Name(Scenario scenario, int offset, string name) => scenario.Name(ref _cells[offset / 2], name);

    /// <summary>Where the address that stands there leads to.</summary>
    public int AddressAt(int offset) => ExplorerMemory.LoadRelaxed(ref Cell(offset, sizeof(ulong)));

    public override void FullFence()
    {
        if (defect != RingDefect.NoFence) ExplorerMemory.FullFence();
    }

    protected override ushort ReadUInt16AcquireCore(int offset) => (ushort)Acquire(ref Cell(offset, sizeof(ushort)));

    protected override uint ReadUInt32AcquireCore(int offset) => (uint)Acquire(ref Cell(offset, sizeof(uint)));

    protected override void WriteUInt16ReleaseCore(int offset, ushort value) => Release(ref Cell(offset, sizeof(ushort)), value);

    protected override void WriteUInt32ReleaseCore(int offset, uint value) => Release(ref Cell(offset, sizeof(uint)), (int)value);

    protected override ushort ReadUInt16Core(int offset) => (ushort)ExplorerMemory.LoadRelaxed(ref Cell(offset, sizeof(ushort)));

    protected override uint ReadUInt32Core(int offset) => (uint)ExplorerMemory.LoadRelaxed(ref Cell(offset, sizeof(uint)));

    protected override void WriteUInt16Core(int offset, ushort value) => ExplorerMemory.StoreRelaxed(ref Cell(offset, sizeof(ushort)), value);

    protected override void WriteUInt32Core(int offset, uint value) => ExplorerMemory.StoreRelaxed(ref Cell(offset, sizeof(uint)), (int)value);

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => ExplorerMemory.StoreRelaxed(ref Cell(offset, sizeof(ulong)), targetOffset);

    private int Acquire(ref int cell) => defect == RingDefect.NoAcquire ? ExplorerMemory.LoadRelaxed(ref cell) : ExplorerMemory.LoadAcquire(ref cell);

    private void Release(ref int cell, int value)
    {
        if (defect == RingDefect.NoRelease) ExplorerMemory.StoreRelaxed(ref cell, value);
        else ExplorerMemory.StoreRelease(ref cell, value);
    }

    private ref int Cell(int offset, byte width)
    {
        // The model has no partial stores.
        if (_widths[offset / 2] is var before && before != width)
        {
            if (before != 0) throw new InvalidOperationException($"what lies at {offset} was accessed in {before} bytes and now is in {width}");
            _widths[offset / 2] = width;
        }

        return ref _cells[offset / 2];
    }
}

/// <summary>What is wrong with the memory, for both sides.</summary>
internal enum RingDefect
{
    None,
    NoFence,
    NoAcquire,
    NoRelease,
}

/// <summary>Gives out such memory.</summary>
internal sealed class ExploredArena(RingDefect defect) : DmaArena(1 << 20)
{
    protected override DmaBlock AllocateCore(int length, int alignment) => new ExploredBlock(this, length, defect);

    protected override void FreeCore(DmaBlock block)
    {
    }
}
