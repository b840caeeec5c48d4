using Troupe.Core.Machine.Memory;
using Table = Troupe.Core.Machine.Memory.PageTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical>;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class PageTableTests : IDisposable
{
    private const ulong Base = PageSize.Slot;

    private readonly HostedMachine _machine = HostedMachine.WithMegabytes(32);
    private Table _table;

    public PageTableTests()
    {
        Assert.True(_table.Initialize(_machine.Frames));
    }

    public void Dispose() => _machine.Dispose();

    // The bits as SDM vol. 3 tables 4-17 to 4-20 have them, written out.
    [Theory]
    [InlineData(PageFlags.Writable | PageFlags.NoExecute, 1, 0x8000_0000_0040_0003)]
    [InlineData(PageFlags.NoExecute, 1, 0x8000_0000_0040_0001)]
    [InlineData(PageFlags.None, 1, 0x0000_0000_0040_0001)]
    [InlineData(PageFlags.Global, 1, 0x0000_0000_0040_0101)]
    [InlineData(PageFlags.Writable | PageFlags.NoExecute | PageFlags.CacheDisable | PageFlags.WriteThrough | PageFlags.Global, 1, 0x8000_0000_0040_011B)]
    [InlineData(PageFlags.Writable | PageFlags.NoExecute | PageFlags.Global, 2, 0x8000_0000_0040_0183)]
    [InlineData(PageFlags.NoExecute, 2, 0x8000_0000_0040_0081)]
    public void EntryHasTheBitsOfTheManual(PageFlags flags, int level, ulong expected)
    {
        Assert.Equal(PageTableStatus.Done, _table.Map(Base, 0x40_0000, flags, level));
        ulong* entry = _table.Find(Base, out int found);
        Assert.Equal(level, found);
        Assert.Equal(expected, *entry);
    }

    [Fact]
    public void UpperEntriesPermitWhatTheLowestDecides()
    {
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute);
        ulong table = _table.Root;
        foreach (int index in new[] { 1, 0, 0 })
        {
            ulong entry = ((ulong*)NativePhysical.At(table))[index];
            Assert.Equal(3UL, entry & 0x8000_0000_0000_0fff);
            table = entry & 0x000f_ffff_ffff_f000;
        }
    }

    [Theory]
    [InlineData(PageFlags.Writable)]
    [InlineData(PageFlags.Writable | PageFlags.Global)]
    [InlineData(PageFlags.Writable | PageFlags.CacheDisable)]
    public void WritableAndExecutableIsRefused(PageFlags flags)
    {
        Assert.Equal(PageTableStatus.WritableAndExecutable, _table.Map(Base, 0, flags));
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute);
        Assert.Equal(PageTableStatus.WritableAndExecutable, _table.Protect(Base, flags));
        Assert.Equal(0x8000_0000_0040_0001, *_table.Find(Base, out _));
    }

    [Theory]
    [InlineData(Base + 1, 0UL, 1)]
    [InlineData(Base, 0x800UL, 1)]
    [InlineData(Base + 0x1000, 0UL, 2)]
    [InlineData(Base, 0x20_0000UL, 3)]
    [InlineData(0x0000_8000_0000_0000, 0UL, 1)]
    [InlineData(0xFFFE_8000_0000_0000, 0UL, 1)]
    public void MisalignedAndNonCanonicalAddressesAreRefused(ulong address, ulong physical, int level) =>
        Assert.Equal(PageTableStatus.Misaligned, _table.Map(address, physical, PageFlags.NoExecute, level));

    [Fact]
    public void WhatIsMappedIsNotMappedOver()
    {
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute, 2);
        Assert.Equal(PageTableStatus.AlreadyMapped, _table.Map(Base, 0x80_0000, PageFlags.NoExecute, 2));
        Assert.Equal(PageTableStatus.AlreadyMapped, _table.Map(Base + 0x1000, 0x80_0000, PageFlags.NoExecute));
    }

    [Fact]
    public void SplittingKeepsEveryTranslationAndItsRights()
    {
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute | PageFlags.Writable | PageFlags.Global, 2);
        Assert.Equal(PageTableStatus.Done, _table.Split(Base + 0x12345));
        for (ulong offset = 0; offset < PageSize.Large; offset += PageSize.Small)
        {
            ulong* entry = _table.Find(Base + offset, out int level);
            Assert.Equal(1, level);
            Assert.Equal(0x8000_0000_0040_0103 + offset, *entry);
        }
    }

    [Fact]
    public void ProtectingOnePageOfAGigabyteLeavesTheOthersAsTheyAre()
    {
        _table.Map(Base, 1UL << 30, PageFlags.NoExecute | PageFlags.Writable, 3);
        ulong address = Base + (5 * PageSize.Large) + (7 * PageSize.Small);
        Assert.Equal(PageTableStatus.Done, _table.Protect(address, PageFlags.None));
        Assert.True(_table.Translate(address + 5, out ulong physical, out PageFlags flags));
        Assert.Equal(address - Base + (1UL << 30) + 5, physical);
        Assert.Equal(PageFlags.Present, flags);
        foreach (ulong neighbour in new[] { Base, address - 1, address + PageSize.Small, Base + PageSize.Huge - 1 })
        {
            Assert.True(_table.Translate(neighbour, out physical, out flags));
            Assert.Equal(neighbour - Base + (1UL << 30), physical);
            Assert.Equal(PageFlags.Present | PageFlags.Writable | PageFlags.NoExecute, flags & ~PageFlags.Large);
        }
    }

    [Fact]
    public void UnmappingReturnsTheFrameAndUnmapsThatPageAlone()
    {
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute, 2);
        Assert.Equal(PageTableStatus.Done, _table.Unmap(Base + 0x3000, out ulong physical));
        Assert.Equal(0x40_3000UL, physical);
        Assert.False(_table.Translate(Base + 0x3000, out _, out _));
        Assert.True(_table.Translate(Base + 0x4000, out _, out _));
        Assert.Equal(PageTableStatus.NotMapped, _table.Unmap(Base + 0x3000, out _));
        Assert.Equal(PageTableStatus.NotMapped, _table.Protect(Base + PageSize.Large, PageFlags.NoExecute));
    }

    [Fact]
    public void RangesUseTheLargestPagesThatFit()
    {
        ulong start = PageSize.Huge - PageSize.Large - PageSize.Small;
        ulong length = PageSize.Small + PageSize.Large + PageSize.Huge + PageSize.Large + PageSize.Small;
        Assert.Equal(PageTableStatus.Done, _table.MapRange(start, start, length, PageFlags.NoExecute, 3));
        int[] levels = new int[4];
        for (ulong at = start; at < start + length;)
        {
            Assert.True(_table.Translate(at, out ulong physical, out _));
            Assert.Equal(at, physical);
            _table.Find(at, out int level);
            levels[level]++;
            at += Table.Coverage(level);
        }

        Assert.Equal([0, 2, 2, 1], levels);
        Assert.False(_table.Translate(start - 1, out _, out _));
        Assert.False(_table.Translate(start + length, out _, out _));
    }

    [Fact]
    public void EmptyTablesAreGivenBackAfterTheyWereDetached()
    {
        long free = _machine.Frames->FreeFrames;
        _table.Map(Base + PageSize.Slot, 0x40_0000, PageFlags.NoExecute);
        _table.Map(Base + PageSize.Slot + PageSize.Large, 0x40_0000, PageFlags.NoExecute);
        Assert.Equal(free - 4, _machine.Frames->FreeFrames);

        _table.Unmap(Base + PageSize.Slot, out _);
        Assert.True(_table.DetachEmptyTables(Base + PageSize.Slot));
        Assert.Equal(free - 4, _machine.Frames->FreeFrames);
        Assert.Equal(1, _table.FreeStaleTables(Base + PageSize.Slot));
        Assert.True(_table.Translate(Base + PageSize.Slot + PageSize.Large, out _, out _));

        _table.Unmap(Base + PageSize.Slot + PageSize.Large, out _);
        Assert.True(_table.DetachEmptyTables(Base + PageSize.Slot + PageSize.Large));
        Assert.Equal(2, _table.FreeStaleTables(Base + PageSize.Slot + PageSize.Large));

        // The PML4's entries stay: at most one table for each 512 GiB that was ever used.
        Assert.Equal(free - 1, _machine.Frames->FreeFrames);
        Assert.Equal(1, _table.TableCount);
    }

    [Fact]
    public void TablesInUseAreNotDetached()
    {
        _table.Map(Base, 0x40_0000, PageFlags.NoExecute);
        Assert.False(_table.DetachEmptyTables(Base));
        Assert.Equal(0, _table.FreeStaleTables(Base));
        Assert.True(_table.Translate(Base, out _, out _));
    }

    [Fact]
    public void ExhaustedMemoryIsReported()
    {
        while (_machine.Frames->Allocate() != 0)
        {
        }

        Assert.Equal(PageTableStatus.OutOfMemory, _table.Map(Base, 0x40_0000, PageFlags.NoExecute));
    }
}
