using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class AddressSpaceTests
{
    private const ulong Page = PageSize.Small;
    private const ulong Megabyte = HostedMachine.Megabyte;
    private const MemoryProtection None = MemoryProtection.None;
    private const MemoryProtection Read = MemoryProtection.Read;
    private const MemoryProtection ReadWrite = MemoryProtection.Read | MemoryProtection.Write;
    private const MemoryProtection ReadExecute = MemoryProtection.Read | MemoryProtection.Execute;

    [Fact]
    public void MemoryIsZeroAndGetsItsFrameWhenTouched()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(16 * Page, ReadWrite);
        Assert.Equal(0, host.Space->ResidentFrames);
        Assert.Equal(0, host.Read(address + Page + 5));
        host.Write(address + Page + 5, 7);
        Assert.Equal(7, host.Read(address + Page + 5));
        Assert.Equal(1, host.Space->ResidentFrames);
        host.CheckAccounts();
    }

    [Fact]
    public void ReadOnlyMemoryReadsAsZerosWithoutFramesOfItsOwn()
    {
        using var host = new HostedAddressSpace();
        long charged = host.Commit->Charged;
        ulong address = host.Map(16 * Page, Read);
        for (ulong i = 0; i < 16; i++)
            Assert.Equal(0, host.Read(address + (i * Page)));
        Assert.Equal(0, host.Space->ResidentFrames);
        Assert.InRange(host.Commit->Charged - charged, 0, 3);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address, MemoryAccess.Write, out _));
    }

    [Fact]
    public void MemoryThatWasReadBeforeItBecameWritableGetsAFrameOfItsOwn()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(2 * Page, Read);
        Assert.Equal(0, host.Read(address));
        Assert.Equal(0, host.Read(address + Page));
        Assert.Equal(MemoryStatus.Done, host.Protect(address, 2 * Page, ReadWrite));
        host.Write(address, 1);
        Assert.Equal(1, host.Read(address));
        Assert.Equal(0, host.Read(address + Page));
        host.CheckAccounts();
    }

    [Theory]
    [InlineData(None, MemoryAccess.Read, FaultResult.ProtectionViolation)]
    [InlineData(None, MemoryAccess.Write, FaultResult.ProtectionViolation)]
    [InlineData(Read, MemoryAccess.Read, FaultResult.Handled)]
    [InlineData(Read, MemoryAccess.Write, FaultResult.ProtectionViolation)]
    [InlineData(Read, MemoryAccess.Execute, FaultResult.ProtectionViolation)]
    [InlineData(ReadWrite, MemoryAccess.Write, FaultResult.Handled)]
    [InlineData(ReadWrite, MemoryAccess.Execute, FaultResult.ProtectionViolation)]
    [InlineData(ReadExecute, MemoryAccess.Execute, FaultResult.Handled)]
    [InlineData(ReadExecute, MemoryAccess.Write, FaultResult.ProtectionViolation)]
    public void FaultsAreAnsweredByProtection(MemoryProtection protection, MemoryAccess access, FaultResult expected)
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(Page, protection);
        Assert.Equal(expected, host.Access(address, access, out _));
    }

    [Fact]
    public void FaultsOutsideAnyRegionFindNoRegion()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(Page, ReadWrite);
        Assert.Equal(FaultResult.NoRegion, host.Space->HandleFault(address + Page, MemoryAccess.Read));
        Assert.Equal(FaultResult.NoRegion, host.Space->HandleFault(0, MemoryAccess.Read));
        Assert.Equal(FaultResult.NoRegion, host.Space->HandleFault(ulong.MaxValue, MemoryAccess.Read));
        Assert.Equal(FaultResult.NoRegion, host.Space->HandleFault(0x200000, MemoryAccess.Write));
    }

    [Fact]
    public void AFaultOnAPresentPageCountsAsDoneOnlyIfItsRightsAllowTheAccess()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(Page, ReadWrite);
        host.Write(address, 1);
        Assert.Equal(FaultResult.Handled, host.Space->HandleFault(address, MemoryAccess.Write));
        host.Protect(address, Page, Read);
        Assert.Equal(FaultResult.Handled, host.Space->HandleFault(address, MemoryAccess.Read));
        Assert.Equal(FaultResult.ProtectionViolation, host.Space->HandleFault(address, MemoryAccess.Write));
        Assert.Equal(1, host.Space->ResidentFrames);
    }

    [Fact]
    public void WritableAndExecutableIsRefused()
    {
        using var host = new HostedAddressSpace();
        Assert.Equal(MemoryStatus.WritableAndExecutable, host.Space->Map(0, Page, ReadWrite | MemoryProtection.Execute, MapFlags.None, out _, out _));
        ulong address = host.Map(Page, ReadWrite);
        Assert.Equal(MemoryStatus.WritableAndExecutable, host.Space->Protect(address, Page, ReadWrite | MemoryProtection.Execute, out _));
    }

    [Fact]
    public void ContentsSurviveInaccessibility()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(4 * Page, ReadWrite);
        host.Write(address + Page, 42);
        host.Protect(address, 4 * Page, None);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address + Page, MemoryAccess.Read, out _));
        host.Protect(address, 4 * Page, Read);
        Assert.Equal(42, host.Read(address + Page));
        host.Protect(address, 4 * Page, ReadWrite);
        host.Write(address + Page, 43);
        Assert.Equal(43, host.Read(address + Page));
        host.CheckAccounts();
    }

    [Fact]
    public void UnmappingGivesEverythingBack()
    {
        using var host = new HostedAddressSpace();
        host.Unmap(host.Map(Page, ReadWrite), Page);
        long charged = host.Commit->Charged;
        long used = host.Frames->UsedFrames;
        ulong address = host.Map(20 * Megabyte, ReadWrite);
        for (ulong at = 0; at < 20 * Megabyte; at += 3 * Page)
            host.Write(address + at, 1);
        host.Unmap(address, 20 * Megabyte);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(used, host.Frames->UsedFrames);
        Assert.Equal(0, host.Space->ResidentFrames);
        Assert.Equal(FaultResult.NoRegion, host.Access(address, MemoryAccess.Read, out _));
        Assert.Equal(1, host.Space->RegionCount);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(400)]
    public void FramesAndTablesAreFreedOnlyAfterTheirTranslationsAreDropped(int pages)
    {
        using var host = new HostedAddressSpace();
        ulong length = (ulong)pages * Page;
        ulong address = host.Map(length, ReadWrite);
        for (ulong at = 0; at < length; at += Page)
            host.Write(address + at, 1);
        long free = host.Frames->FreeFrames;
        long charged = host.Commit->Charged;
        int drops = 0;
        HostedTranslation.OnInvalidate = () =>
        {
            drops++;
            Assert.Equal(free, host.Frames->FreeFrames);
            Assert.Equal(charged, host.Commit->Charged);
            Assert.False(host.Table->Translate(address, out _, out _));
        };
        host.Unmap(address, length);
        HostedTranslation.OnInvalidate = null;
        Assert.True(drops > 0);
        Assert.True(host.Frames->FreeFrames > free + pages);
    }

    [Fact]
    public void DontNeedGivesFramesBackAndTheNextAccessFindsZeros()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(4 * Page, ReadWrite);
        for (ulong i = 0; i < 4; i++)
            host.Write(address + (i * Page), 9);
        long charged = host.Commit->Charged;
        host.DontNeed(address + Page, 2 * Page);
        Assert.Equal(2, host.Space->ResidentFrames);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal([9, 0, 0, 9], Enumerable.Range(0, 4).Select(i => (int)host.Read(address + ((ulong)i * Page))));
    }

    [Fact]
    public void MemoryThatIsInaccessibleAndNotNeededIsUncharged()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(64 * Page, ReadWrite);
        host.Write(address, 1);
        long charged = host.Commit->Charged;
        host.Protect(address, 64 * Page, None);
        Assert.Equal(charged, host.Commit->Charged);
        host.DontNeed(address, 64 * Page);
        Assert.Equal(charged - 64, host.Commit->Charged);
        host.Protect(address, 64 * Page, ReadWrite);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(0, host.Read(address));
        host.CheckAccounts();
    }

    [Fact]
    public void AFixedMappingReplacesWhatIsThere()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(8 * Megabyte, ReadWrite);
        for (ulong at = 0; at < 8 * Megabyte; at += Page)
            host.Write(address + at, 1);
        long charged = host.Commit->Charged;
        Assert.Equal(address + Megabyte, host.Map(6 * Megabyte, None, MapFlags.Fixed, address + Megabyte));
        Assert.Equal(512, host.Space->ResidentFrames);
        Assert.True(host.Commit->Charged <= charged - (long)(6 * Megabyte / Page));
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address + Megabyte, MemoryAccess.Read, out _));
        Assert.Equal(1, host.Read(address));
        Assert.Equal(1, host.Read(address + (7 * Megabyte)));
        host.CheckAccounts();
    }

    [Fact]
    public void NoReplaceRefusesWhatIsTaken()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(4 * Page, ReadWrite);
        Assert.Equal(MemoryStatus.Exists, host.Space->Map(address + (3 * Page), 4 * Page, ReadWrite, MapFlags.NoReplace, out _, out _));
        Assert.Equal(address + (4 * Page), host.Map(4 * Page, ReadWrite, MapFlags.NoReplace, address + (4 * Page)));
    }

    [Fact]
    public void AFreeHintIsTakenAndATakenOneIsNot()
    {
        using var host = new HostedAddressSpace();
        ulong hint = (2UL << 40) + (5 * Page);
        Assert.Equal(hint, host.Map(Page, ReadWrite, MapFlags.None, hint));
        Assert.NotEqual(hint, host.Map(Page, ReadWrite, MapFlags.None, hint));
    }

    [Fact]
    public void FreedRangesAreReusedLowestFirst()
    {
        using var host = new HostedAddressSpace();
        ulong[] addresses = [.. Enumerable.Range(0, 10).Select(i => host.Map(4 * Page, i % 2 == 0 ? ReadWrite : Read))];
        host.Unmap(addresses[7], 4 * Page);
        host.Unmap(addresses[3], 4 * Page);
        Assert.Equal(addresses[3], host.Map(4 * Page, ReadExecute));
        Assert.Equal(addresses[7], host.Map(2 * Page, ReadExecute));
        Assert.True(host.Map(4 * Page, ReadExecute) > addresses[9]);
    }

    [Fact]
    public void AdjacentRegionsThatAreAlikeAreOne()
    {
        using var host = new HostedAddressSpace();
        int before = host.Space->RegionCount;
        ulong address = host.Map(64 * Page, None);
        for (ulong i = 0; i < 64; i += 2)
            host.Protect(address + (i * Page), Page, ReadWrite);
        Assert.Equal(before + 64, host.Space->RegionCount);
        for (ulong i = 1; i < 64; i += 2)
            host.Protect(address + (i * Page), Page, ReadWrite);
        Assert.Equal(before + 1, host.Space->RegionCount);
        host.CheckAccounts();
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL << 47)]
    public void LengthsThatMakeNoSenseAreInvalid(ulong length)
    {
        using var host = new HostedAddressSpace();
        Assert.Equal(MemoryStatus.Invalid, host.Space->Map(0, length, ReadWrite, MapFlags.None, out _, out _));
        Assert.Equal(MemoryStatus.Invalid, host.Space->Unmap(1UL << 40, length, out _));
        Assert.Equal(MemoryStatus.Invalid, host.Space->Protect(1UL << 40, length, Read, out _));
        Assert.Equal(MemoryStatus.Invalid, host.Space->DontNeed(1UL << 40, length, out _));
        Assert.Equal(MemoryStatus.Invalid, host.Space->Unmap((1UL << 40) + 1, Page, out _));
        Assert.Equal(MemoryStatus.Invalid, host.Space->Map(0x200000, Page, ReadWrite, MapFlags.Fixed, out _, out _));
    }

    [Fact]
    public void ProtectingAHoleIsRefusedAndChangesNothing()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(12 * Page, Read);
        host.Unmap(address + (4 * Page), 4 * Page);
        long charged = host.Commit->Charged;
        Assert.Equal(MemoryStatus.NoRegion, host.Space->Protect(address, 12 * Page, ReadWrite, out ulong done));
        Assert.Equal(0UL, done);
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address, MemoryAccess.Write, out _));
    }

    [Fact]
    public void PastTheLimitWritableMemoryIsRefusedAndReservationsAreNot()
    {
        using var host = new HostedAddressSpace(megabytes: 32);
        Assert.Equal(MemoryStatus.OutOfMemory, host.Space->Map(0, 32 * Megabyte, ReadWrite, MapFlags.None, out _, out _));
        ulong address = host.Map(1UL << 36, None);
        long charged = host.Commit->Charged;
        Assert.Equal(MemoryStatus.OutOfMemory, host.Protect(address, 32 * Megabyte, ReadWrite));
        Assert.Equal(charged, host.Commit->Charged);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(address, MemoryAccess.Write, out _));
        Assert.Equal(2, host.Space->RegionCount);
        host.CheckAccounts();
    }

    [Fact]
    public void ReadableMemoryWhoseTablesAloneAreTooMuchIsRefused()
    {
        using var host = new HostedAddressSpace(megabytes: 32);
        long charged = host.Commit->Charged;
        Assert.Equal(MemoryStatus.OutOfMemory, host.Space->Map(0, 1UL << 36, Read, MapFlags.None, out _, out _));
        Assert.Equal(charged, host.Commit->Charged);
        host.CheckAccounts();
    }

    [Fact]
    public void AChargedPageAlwaysHasItsFrame()
    {
        using var host = new HostedAddressSpace(megabytes: 32, stackReserve: 64);
        var chunks = new List<ulong>();
        ulong size = 37 * Page;
        while (host.Space->Map(0, size, chunks.Count % 2 == 0 ? ReadWrite : None, MapFlags.None, out ulong address, out _) == MemoryStatus.Done
            && (chunks.Count % 2 == 0 || host.Protect(address, size - Page, ReadWrite) == MemoryStatus.Done))
        {
            chunks.Add(address);
        }

        Assert.True(chunks.Count > 100);
        foreach (ulong chunk in chunks)
        {
            for (ulong at = 0; at < size - Page; at += Page)
                host.Write(chunk + at, 1);
        }

        host.CheckAccounts();
    }

    [Fact]
    public void TheBreakGrowsAndShrinks()
    {
        using var host = new HostedAddressSpace();
        ulong start = host.Break(0);
        Assert.Equal(start + 100_000, host.Break(start + 100_000));
        host.Write(start + 99_999, 5);
        long charged = host.Commit->Charged;
        Assert.Equal(start + 5000, host.Break(start + 5000));
        Assert.True(host.Commit->Charged < charged);
        Assert.Equal(FaultResult.ProtectionViolation, host.Access(start + 99_999, MemoryAccess.Read, out _));
        Assert.Equal(start + 100_000, host.Break(start + 100_000));
        Assert.Equal(0, host.Read(start + 99_999));
        Assert.Equal(start + 100_000, host.Break(start + (1UL << 33)));
        Assert.Equal(start + 100_000, host.Break(start - 1));
        host.CheckAccounts();
    }

    [Fact]
    public void RegionsAreListedInOrder()
    {
        using var host = new HostedAddressSpace();
        ulong first = host.Map(3 * Page, ReadWrite);
        host.Protect(first + Page, Page, Read);
        var seen = new List<(ulong, ulong, MemoryProtection)>();
        for (ulong at = first; host.Space->Query(at, out ulong start, out ulong end, out MemoryProtection protection, out _); at = end)
            seen.Add((start, end, protection));
        Assert.Equal([(first, first + Page, ReadWrite), (first + Page, first + (2 * Page), Read), (first + (2 * Page), first + (3 * Page), ReadWrite)], seen);
    }

    [Fact]
    public void ResidencyIsToldPageByPage()
    {
        using var host = new HostedAddressSpace();
        ulong address = host.Map(2 * Page, ReadWrite);
        host.Write(address, 1);
        Assert.True(host.Space->IsResident(address, out bool mapped) && mapped);
        Assert.False(host.Space->IsResident(address + Page, out mapped));
        Assert.True(mapped);
        Assert.False(host.Space->IsResident(address + (2 * Page), out mapped));
        Assert.False(mapped);
    }

    [Fact]
    public void ThousandsOfRegionsAreFoundAndReused()
    {
        using var host = new HostedAddressSpace();
        ulong[] addresses = [.. Enumerable.Range(0, 6000).Select(i => host.Map(Page * (ulong)(1 + (i % 3)), i % 2 == 0 ? None : Read))];
        Assert.Equal(6001, host.Space->RegionCount);
        for (int i = 0; i < 6000; i += 2)
            host.Unmap(addresses[i], Page * (ulong)(1 + (i % 3)));
        Assert.True(host.Space->IsSound());
        for (int i = 0; i < 6000; i += 2)
            Assert.InRange(host.Map(Page, ReadExecute), addresses[0], addresses[^1]);
        host.CheckAccounts();
    }
}
