using System.Runtime.InteropServices;
using Troupe.Core.Machine.Memory;
using Map = Troupe.Core.Machine.Memory.KernelMap<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical, Troupe.Core.Tests.Memory.RecordedTranslation>;
using Shootdown = Troupe.Core.Machine.Memory.TlbShootdown<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.RecordedTranslation>;
using Table = Troupe.Core.Machine.Memory.PageTable<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical>;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class KernelMapTests : IDisposable
{
    private const ulong Megabyte = HostedMachine.Megabyte;
    private const ulong Gigabyte = HostedMachine.Gigabyte;

    private readonly HostedMachine _machine = HostedMachine.WithMegabytes(64);
    private readonly Table* _table = (Table*)NativeMemory.AllocZeroed((nuint)sizeof(Table));
    private readonly Shootdown* _shootdown = (Shootdown*)NativeMemory.AllocZeroed((nuint)sizeof(Shootdown));
    private Map _map;

    public KernelMapTests()
    {
        Assert.True(_table->Initialize(_machine.Frames));
        RecordedTranslation.Pages.Clear();
        RecordedTranslation.Flushes = 0;
    }

    public void Dispose()
    {
        NativeMemory.Free(_table);
        NativeMemory.Free(_shootdown);
        _machine.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RamIsMappedWritableGlobalAndNeverExecutable(bool gigabytePages)
    {
        Build([new(4 * Gigabyte, 6 * Gigabyte), new(0x100000, 3 * Gigabyte), new(0, 0x9fc00), new(0x90000, 0xa0000)], gigabytePages);
        foreach (ulong address in new[] { 0x10000UL, 0x9f000UL, 0x100000UL, 0x1fffffUL, (3 * Gigabyte) - 1, 4 * Gigabyte, (6 * Gigabyte) - 1 })
        {
            Assert.True(_table->Translate(address, out ulong physical, out PageFlags flags));
            Assert.Equal(address, physical);
            Assert.Equal(PageFlags.Present | PageFlags.Writable | PageFlags.NoExecute | PageFlags.Global, flags & ~PageFlags.Large);
        }

        foreach (ulong address in new[] { 0xa0000UL, 0xfffffUL, 3 * Gigabyte, (4 * Gigabyte) - 1, 6 * Gigabyte })
            Assert.False(_table->Translate(address, out _, out _));
        _table->Find(5 * Gigabyte, out int level);
        Assert.Equal(gigabytePages ? 3 : 2, level);
    }

    [Fact]
    public void TheFirst64KilobytesAreNotMapped()
    {
        Build([new(0, 64 * Megabyte)]);
        for (ulong page = 0; page < 64 * 1024; page += PageSize.Small)
            Assert.False(_table->Translate(page, out _, out _));
        Assert.True(_table->Translate(64 * 1024, out _, out _));
    }

    [Fact]
    public void ImageSegmentsHaveTheRightsOfTheirProgramHeaders()
    {
        BuildWithImage();
        const PageFlags common = PageFlags.Present | PageFlags.Global;
        Check(0x1ff000, common | PageFlags.Writable | PageFlags.NoExecute);
        Check(0x200000, common | PageFlags.NoExecute);
        Check(0x201000, common);
        Check(0x456fff, common);
        Check(0x457000, common | PageFlags.NoExecute);
        Check(0x4a0fff, common | PageFlags.NoExecute);
        Check(0x4a1000, common | PageFlags.Writable | PageFlags.NoExecute);
        Check(0x4f0000, common | PageFlags.Writable | PageFlags.NoExecute);
    }

    [Theory]
    [InlineData(0x201000, 0x1000)]
    [InlineData(0x456fff, 0x1)]
    [InlineData(0x200000, 0x1001)]
    [InlineData(0x456000, 0x9a000)]
    [InlineData(0x1ff000, 0x1000)]
    [InlineData(0x4ef000, 0x2000)]
    [InlineData(0x4a1000, ulong.MaxValue)]
    [InlineData(0x500000, 0x1000)]
    public void TheImagesTextAndWhatIsNotTheImageKeepTheirRights(ulong start, ulong length)
    {
        BuildWithImage();
        ulong first = start & ~0xFFFUL;
        Assert.True(_table->Translate(first, out _, out PageFlags before));
        Assert.Equal(PageTableStatus.NotAllowed, _map.ProtectImagePages(start, length, PageFlags.Writable | PageFlags.NoExecute));
        Assert.True(_table->Translate(first, out _, out PageFlags after));
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData(0x200000)]
    [InlineData(0x457000)]
    [InlineData(0x4a0000)]
    public void ConstantsAreOpenUntilTheRuntimeHasClosedThem(ulong page)
    {
        BuildWithImage();
        const PageFlags common = PageFlags.Present | PageFlags.Global | PageFlags.NoExecute;
        Assert.Equal(PageTableStatus.Done, _map.ProtectImagePages(page, 0x1000, PageFlags.Writable | PageFlags.NoExecute));
        Check(page, common | PageFlags.Writable);
        Assert.Equal(PageTableStatus.Done, _map.ProtectImagePages(page, 0x1000, PageFlags.NoExecute));
        Assert.Equal(PageTableStatus.NotAllowed, _map.ProtectImagePages(page, 0x1000, PageFlags.Writable | PageFlags.NoExecute));
        Assert.Equal(PageTableStatus.NotAllowed, _map.ProtectImagePages(0x4a0000, 0x2000, PageFlags.Writable | PageFlags.NoExecute));
        Check(page, common);
    }

    [Fact]
    public void WhatIsReadOnlyAfterRelocationBecomesSo()
    {
        BuildWithImage();
        Assert.Equal(PageTableStatus.Done, _map.ProtectImagePages(0x4a1000, 0x2000, PageFlags.NoExecute));
        Check(0x4a2000, PageFlags.Present | PageFlags.Global | PageFlags.NoExecute);
        Check(0x4a3000, PageFlags.Present | PageFlags.Global | PageFlags.NoExecute | PageFlags.Writable);
        Assert.Equal(PageTableStatus.Done, _map.ProtectImagePages(0x4ef000, 0x1000, PageFlags.NoExecute));
    }

    [Fact]
    public void AnImageWithAWritableAndExecutableSegmentIsRefused()
    {
        Build([new(0, 64 * Megabyte)]);
        Assert.Equal(PageTableStatus.WritableAndExecutable, Protect([new() { Range = new(0x200000, 0x300000), Flags = 7 }]));
    }

    [Fact]
    public void AnImageWhoseSegmentsShareAPageIsRefused()
    {
        Build([new(0, 64 * Megabyte)]);
        Assert.Equal(PageTableStatus.AlreadyMapped, Protect(
        [
            new() { Range = new(0x200000, 0x300800), Flags = 5 },
            new() { Range = new(0x300800, 0x301000), Flags = 6 },
        ]));
    }

    [Fact]
    public void DeviceWindowsAreUncachedAndMayBeAskedForTwice()
    {
        Build([new(0, 64 * Megabyte)]);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(PageTableStatus.Done, _map.MapDevice(0xfee00010, 0x1000, out ulong address));
            Assert.Equal(0xfee00010UL, address);
        }

        const PageFlags expected = PageFlags.Present | PageFlags.Writable | PageFlags.NoExecute | PageFlags.Global | PageFlags.CacheDisable | PageFlags.WriteThrough;
        Check(0xfee00000, expected);
        Check(0xfee01000, expected);
        Assert.False(_table->Translate(0xfee02000, out _, out _));
    }

    [Fact]
    public void ADeviceBeyondTheIdentityMapAppearsInTheUpperHalf()
    {
        Build([new(0, 64 * Megabyte)]);
        const ulong physical = 0x3800_0000_1000;
        Assert.Equal(PageTableStatus.Done, _map.MapDevice(physical, 0x2000, out ulong address));
        Assert.Equal(0xFFFF_8000_0000_0000 + physical, address);
        Assert.True(_table->Translate(address + 0x1004, out ulong reached, out _));
        Assert.Equal(physical + 0x1004, reached);
    }

    [Fact]
    public void ALargeDeviceIsMappedInPieces()
    {
        Build([new(0x100000, 64 * Megabyte)], gigabytePages: false);
        const ulong physical = 0xb0000000, length = 4 * Megabyte;
        ulong done = 0;
        int calls = 0;
        for (bool isDone = false; !isDone; calls++)
        {
            ulong before = done;
            Assert.Equal(PageTableStatus.Done, _map.MapDevice(physical, length, ref done, out isDone, out ulong address));
            Assert.Equal(physical, address);
            Assert.InRange(done - before, PageSize.Small, Megabyte);
        }

        Assert.Equal(4, calls);
        Assert.True(_table->Translate(physical + length - 1, out _, out _));
        Assert.False(_table->Translate(physical + length, out _, out _));
    }

    [Theory]
    [InlineData(0x100000UL, 0x1000UL, PageTableStatus.AlreadyMapped)]
    [InlineData(0x3fff000UL, 0x2000UL, PageTableStatus.AlreadyMapped)]
    [InlineData(0x1000UL, 0x1000UL, PageTableStatus.Misaligned)]
    [InlineData(0xfee00000UL, 0UL, PageTableStatus.Misaligned)]
    [InlineData(0xfee00000UL, ulong.MaxValue, PageTableStatus.Misaligned)]
    public void DeviceWindowsOverMemoryOrNonsenseAreRefused(ulong physical, ulong length, PageTableStatus expected)
    {
        Build([new(0, 64 * Megabyte)]);
        Assert.Equal(expected, _map.MapDevice(physical, length, out _));
    }

    [Theory]
    [InlineData(0x8000UL)]
    [InlineData(0x12000UL)]
    public void TheTrampolineIsExecutableAndReadOnlyUntilItIsRetired(ulong page)
    {
        Build([new(0, 64 * Megabyte)]);
        Assert.Equal(PageTableStatus.Done, _map.AdmitTrampoline(page));
        Assert.True(_table->Translate(page, out _, out PageFlags flags));
        Assert.Equal(PageFlags.Present, flags & (PageFlags.Present | PageFlags.Writable | PageFlags.NoExecute));
        Assert.Contains(page, RecordedTranslation.Pages);
        Assert.Equal(PageTableStatus.Done, _map.RetireTrampoline(page));
        bool mapped = _table->Translate(page, out _, out flags);
        Assert.Equal(page >= 64 * 1024, mapped);
        Assert.True(!mapped || (flags & PageFlags.NoExecute) != 0);
    }

    [Fact]
    public void AGuardPageIsUnmappedAndPutBack()
    {
        Build([new(0, 64 * Megabyte)]);
        Assert.Equal(PageTableStatus.Done, _map.Unmap(0x1000000, PageSize.Small));
        Assert.False(_table->Translate(0x1000000, out _, out _));
        Assert.Equal([0x1000000UL], RecordedTranslation.Pages);
        Assert.Equal(PageTableStatus.Done, _map.Remap(0x1000000, PageSize.Small));
        Check(0x1000000, PageFlags.Present | PageFlags.Writable | PageFlags.NoExecute | PageFlags.Global);
    }

    private void Build(MemoryRange[] ram, bool gigabytePages = false)
    {
        fixed (MemoryRange* ranges = ram)
            Assert.Equal(PageTableStatus.Done, _map.Build(_table, _shootdown, ranges, ram.Length, gigabytePages));
    }

    private void BuildWithImage()
    {
        Build([new(0, 64 * Megabyte)]);
        ImageSegment[] segments =
        [
            new() { Range = new(0x200000, 0x200400), Flags = ImageSegment.Readable },
            new() { Range = new(0x201000, 0x4567ff), Flags = ImageSegment.Readable | ImageSegment.Executable },
            new() { Range = new(0x457000, 0x4a0010), Flags = ImageSegment.Readable },
            new() { Range = new(0x4a1ff0, 0x4f0000), Flags = ImageSegment.Readable | ImageSegment.Writable },
        ];
        Assert.Equal(PageTableStatus.Done, Protect(segments));
    }

    private PageTableStatus Protect(ImageSegment[] segments)
    {
        fixed (ImageSegment* pointer = segments)
            return _map.ProtectImage(pointer, segments.Length);
    }

    private void Check(ulong address, PageFlags expected)
    {
        Assert.True(_table->Translate(address, out ulong physical, out PageFlags flags));
        Assert.Equal(address, physical);
        Assert.Equal(expected, flags & ~PageFlags.Large);
    }
}
